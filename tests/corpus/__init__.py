"""What releases wrote: leaves of the demo and of the stories, and what the release's own fold made of them.

`python -m tests.corpus.write NAME` writes a folder at a release; no later software may read them otherwise.
"""
