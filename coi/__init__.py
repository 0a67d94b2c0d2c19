"""Chain of identity and chain of custody for cell therapies, from vein to vein."""
