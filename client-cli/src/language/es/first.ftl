# Before there is a profile (update/first.rs).
first-one = ¿Qué es esto? (1 de 2) Una conversación privada con una persona. Solo ustedes dos pueden leerla.
first-no-emergency = No es un servicio de emergencias. En peligro, llame al número local de emergencias. Ayuda ya: !
first-two = (2 de 2) Sus palabras se cierran aquí, y las abre la otra persona. La computadora del centro las pasa y no puede
    leerlas. Ve cuándo está abierto Cairn, cuándo pasa algo, y la dirección de red.
first-hours = Una respuesta puede tardar horas o días.
first-welcome-back = Qué bueno verle otra vez. Puede seguir donde estaba.
first-step-one = Paso 1 de 3: su invitación. Péguela o escríbala y pulse Enter. Enter solo: seguir leyendo. Opciones: ?
first-step-two = Paso 2 de 3: un nombre. La otra persona lo verá. El nombre que usted quiera:
first-step-three = Paso 3 de 3: una frase clave. Cierra sus mensajes en esta computadora. Cuatro palabras o más van bien. Nadie
    puede recuperarla si se pierde. No se ve mientras la escribe.
first-read-on = ¿Quiere seguir leyendo?
