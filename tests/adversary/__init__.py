"""What machines, networks and two people at once do to a step: races, kills, lost answers."""
