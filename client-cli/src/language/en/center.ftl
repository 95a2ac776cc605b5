# What the center says of itself (update/center.rs, output/card.rs).
center-says = Your center, { $name }, says:
center-hours = People read here: { $hours }
center-readers = Who reads: { $who }
center-over = This notice was meant until { $until }.
center-silent = Your center has given no notice of its own. Ask when people read here.
center-unusable = A notice came that your center's computer has not signed, so it is not shown.
center-not-yet = Your center's own notice has not come yet. It comes when its computer answers.
center-with-invitation = What your center says of itself comes with your invitation.
center-no-service = Cairn is not an emergency service. Help now: !
center-help-now = Help now:
center-choice = Your center
