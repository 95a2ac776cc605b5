# Why the system said no (language/system.rs).
why-denied = permission denied
why-missing = entity not found
why-there = entity already exists
why-folder = is a directory
why-no-folder = not a directory
why-full = no storage space
why-read-only = read-only filesystem or storage medium
