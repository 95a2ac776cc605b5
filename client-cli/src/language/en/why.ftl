# Why the system said no (language/system.rs).
why-denied = there is no permission
why-missing = it is not there
why-there = there is one already
why-folder = it is a folder
why-no-folder = it is not a folder
why-full = the disk is full
why-read-only = nothing can be written there
