# Why the system said no (language/system.rs).
why-denied = sin permiso
why-missing = no existe
why-there = ya existe
why-folder = es una carpeta
why-no-folder = no es una carpeta
why-full = no hay espacio
why-read-only = solo se puede leer
