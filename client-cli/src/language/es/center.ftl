# What the center says of itself (update/center.rs, output/card.rs).
center-says = Su centro, { $name }, dice:
center-hours = Se lee aquí: { $hours }
center-readers = Quién lee: { $who }
center-over = Este aviso era válido hasta el { $until }.
center-silent = Su centro no ha dado ningún aviso propio. Pregunte cuándo se lee aquí.
center-unusable = Llegó un aviso que la computadora de su centro no firmó, así que no se muestra.
center-not-yet = El aviso de su centro no ha llegado todavía. Llega cuando su computadora responda.
center-with-invitation = Lo que su centro dice de sí mismo llega con su invitación.
center-no-service = Cairn no es un servicio de emergencias. Ayuda ya: !
center-help-now = Ayuda ya:
center-choice = Su centro
