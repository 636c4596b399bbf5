"""The core: designs in, frozen values out. No files, no clock, no global random state."""
