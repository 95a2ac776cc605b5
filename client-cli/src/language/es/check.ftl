# A check of words (update/check.rs, output/check.rs, engine/check.rs).
check-type-them = Escriba las cuatro palabras que oye y pulse Enter. Enter solo: más tarde.
check-why = Así se asegura de que de verdad es { $name } quien lee y escribe aquí.
check-both = Hable por teléfono con { $name }, o en la misma sala. Empiezan los dos: { $name } también.
check-then = Después cada uno ve cuatro palabras. Lea las suyas en voz alta y escriba las que lee { $name }.
check-idle = No ha empezado ninguna prueba con { $name }.
check-asked = { $name } quiere comprobar las palabras con usted.
check-waiting = Se espera a { $name }, que también tiene que empezar. Puede salir: sigue donde estaba.
check-read = Lea estas cuatro palabras en voz alta a { $name }:
check-fit = Las palabras coinciden. { $name }: { $trust }.
check-different = Las palabras no coincidieron tres veces, así que no se comprobó nada.
check-broken = La respuesta del otro lado no encajó, así que no se comprobó nada.
check-may-be = Puede ser una palabra mal oída. También puede ser que otra persona haya usado la invitación: entonces no es
    { $name } quien escribe aquí.
check-ask = Pregunte a { $name }, en persona o por teléfono. Después pruebe otra vez, o entregue en mano una invitación nueva.
check-began-again = { $name } empezó de nuevo, así que las palabras de antes ya no sirven. Empiece también y use las nuevas.
check-over-broken = La respuesta del otro lado no encajó. No se comprobó nada.
check-over = Las palabras no coincidieron. No se comprobó nada.
check-not-yet = Estas palabras no coinciden todavía. { $tries ->
    [one] Queda 1 intento
   *[other] Quedan { $tries } intentos
}. Que { $name } las lea otra vez.
check-meanwhile = Pulse Enter para volver y escribir mientras tanto.
check-ready = Las palabras están listas. Para leerlas: escriba ? y pulse Enter, y elija Acerca de { $name }.
check-meant = Las palabras no están todavía. ¿Quería enviar esto?
