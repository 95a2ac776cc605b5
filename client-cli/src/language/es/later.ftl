# Messages for later (update/later.rs, command/later.rs).
later-title = Enviar más tarde
later-about = Usted escribe ahora, y sale más tarde. Con Cairn cerrado no funciona nada: entonces sale la próxima vez que use
    Cairn después de esa hora.
later-when = ¿Cuándo debe salir?
later-in-an-hour = Dentro de una hora
later-morning = A las nueve de la mañana
later-quiet-ends = Cuando terminen sus horas de calma
later-other-time = A otra hora
later-list = Mensajes que esperan su hora
later-list-head = Estos esperan su hora:
later-one = { $name }, { $when }: { $words }
later-ask-time = Escriba una hora como 9:30 y pulse Enter. Enter solo: ahora no.
later-ask-words = Escriba sus palabras a { $name } y pulse Enter. Enter solo: ahora no.
later-leaves = Espera hasta: { $when }. Sale hacia { $name } la próxima vez que Cairn esté abierto después de esa hora.
later-id = ID { $id }
later-not-kept = Sus palabras están arriba y no se guardaron.
later-nothing = Nada espera una hora.
later-keep-or-not = ¿Debe seguir esperando?
later-take-back = No enviarlo
later-taken-back = Ya no espera. No se envió a { $name }.
later-no-time = Dé una hora como 9:30 o 2026-03-14T09:30, o hour, o quiet si hay horas de calma.
