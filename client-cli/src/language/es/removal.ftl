# All removed from this computer (removal.rs, command/profile.rs).
removal-would = Todo lo de este perfil se va de esta computadora, para siempre: primero las claves, luego los mensajes, nombres y
    ajustes. No hay vuelta atrás: Cairn no guarda ninguna copia.
removal-others = Los demás guardan sus copias y no se les avisa: lo que escriban parecería enviado. Para que vean que usted ya
    no está, quite antes a cada persona: cairn contact remove CONTACT
removal-others-see = Los demás guardan sus copias. No se les avisa, pero ven que su próximo mensaje ya no se acepta.
removal-choice = Quitar todo de esta computadora
removal-word = quitar
removal-ask = Para quitarlo todo, escriba { $word }. Enter solo: nada cambia.
removal-not-asked = No se quitó nada: esto no se puede deshacer.
removal-unchanged = No cambió nada.
removal-done = Todo lo de este perfil ya no está en esta computadora.
removal-folder-stays = La carpeta { $home } queda: hay otra cosa en ella.
removal-what-stays = Lo que ningún programa puede prometer: un disco puede guardar un tiempo lo que se quitó. Las copias, los archivos
    que guardó y la historia de la terminal están donde estaban.
removal-failed = En { $home } algo no se pudo quitar ({ $why }).
