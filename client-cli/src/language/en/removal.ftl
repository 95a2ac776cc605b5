# Everything removed from this computer (removal.rs, command/profile.rs).
removal-would = Everything of this profile goes from this computer, for good: the keys first, then all messages, names and settings.
    There is no way back: Cairn keeps no copy.
removal-others = The others keep their copies and are not told: what they write would look sent. To have them see that you
    are gone, remove each of them first: cairn contact remove CONTACT
removal-others-see = The others keep their copies. They are not told, but see that their next message is not taken.
removal-choice = Remove everything from this computer
removal-word = remove
removal-ask = To remove it all, type { $word }. Enter alone: nothing is changed.
removal-not-asked = Nothing was removed: this can't be undone.
removal-unchanged = Nothing was changed.
removal-done = Everything of this profile is removed from this computer.
removal-folder-stays = The folder { $home } stays: there is something else in it.
removal-what-stays = What no program can promise: a disk may keep for a while what was removed. Copies, files that you saved and the
    history of the shell are where they were.
removal-failed = In { $home } something could not be removed ({ $why }).
