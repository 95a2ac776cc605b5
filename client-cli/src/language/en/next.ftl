# What gets a person further after a fault: commands stay as they are typed.
next-other-relay = ask the people who run the center's computer whether its address is still the same
next-invitation = tell the person who invited you, and ask for a new invitation
next-pass = ask the center for a pass, then cairn invite new --pass PASS
next-later = cairn inbox, later
next-rejoin = cairn invite new --rejoin CONTACT, or ask them for an invitation and cairn join LINK --as CONTACT
next-older-copy = use the newer copy; if it is lost: cairn invite new --rejoin CONTACT, or ask them for an invitation and
    cairn join LINK --as CONTACT
next-in-use = close the other one, then try again
next-right-passphrase = the same command again: capital letters and spaces count
next-newest = the same command, with the newest Cairn
next-room = make room on the disk, then the same again
next-home = see who may write in that folder, or use another one: --home DIR
next-again = the same command again
next-not-set-up = cairn join LINK, or cairn setup --name NAME
next-locked = the same command with --passphrase-file FILE, or in a terminal
