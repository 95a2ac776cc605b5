# A computer that others use too (update/shared.rs, shared/).
shared-offer = ¿Computadora compartida? Escriba ?
shared-memory = Nada de esta visita queda en esta computadora. Cuando usted salga, la conversación termina para siempre y no se puede
    abrir otra vez, ni aquí ni en otro lugar. La otra persona guarda su copia.
shared-swept = Lo que una visita anterior había dejado aquí se quitó.
shared-carried = Su perfil está en { $folder }. Nada queda en esta computadora. Lléveselo cuando salga.
shared-to-carry = Para seguir otro día, salga ahora, y llévelo en una memoria USB: cairn --shared-computer --home FOLDER
shared-ask = ¿Que no quede nada aquí?
shared-choice = Otros usan esta computadora: no dejar nada aquí
shared-choice-now = No dejar nada aquí
shared-step-three = Paso 3 de 3: una frase clave, solo para esta visita. Después de Ocultar abre otra vez la conversación. Cuatro
    palabras o más van bien. No se ve mientras la escribe.
shared-step-three-carried = Paso 3 de 3: una frase clave. Cierra sus mensajes, los lleve donde los lleve. Cuatro palabras o más van
    bien. Nadie puede recuperarla si se pierde. No se ve mientras la escribe.
shared-kept = Se guarda aquí hasta que usted salga.
shared-try-again = Pulse Enter para probar otra vez. Sus respuestas se guardan hasta que usted salga.
shared-ask-for-new = Pida una invitación nueva y péguela aquí, o pulse Enter para seguir sin ella.
shared-unsent = { $number ->
    [one] Un mensaje no se ha enviado todavía. Se perdería.
   *[other] { $number } mensajes no se han enviado todavía. Se perderían.
}
shared-leave = Si usted sale, la conversación con { $name } termina para siempre, y todo se quita de aquí. No se envía nada por
    usted: { $name } solo ve que su próximo mensaje ya no se acepta. Puede volver y despedirse antes.
shared-leave-all = Si usted sale, todo termina para siempre, y se quita de aquí. No se envía nada por usted: los demás solo ven que
    su próximo mensaje ya no se acepta.
shared-choice-leave = Salir, y quitar todo de aquí
shared-choice-leave-so = Salir sin eso
shared-not-closed = La computadora del centro no respondió, así que no sabe que usted sale. Lo que le escriban parecería enviado,
    y nadie lo leería. ¿Probar otra vez?
shared-own-disk = Esa carpeta está en un disco de esta computadora: lo que hay allí queda aquí.
shared-own-disk-next = el mismo comando con una carpeta en una memoria USB, o sin --home
shared-for-conversation = --shared-computer es para la conversación, no para comandos sueltos.
shared-no-memory = Esta computadora no tiene ninguna carpeta que esté solo en la memoria. No se empezó nada.
shared-no-memory-next = llevar el perfil en una memoria USB: cairn --shared-computer --home FOLDER
shared-not-removed = { $folder } no se pudo quitar ({ $why }). Lo que hay allí está cerrado con su frase clave.
shared-own-fault = Cairn ha tenido que terminar: algo en el propio programa no va bien ({ $place }). Lo enviado queda enviado. Nada de esta visita queda en esta computadora.
