"""Use cases: each public function is one unit of work that locks, reads, decides, appends and commits."""
