# A conversation for practice (update/practice.rs).
practice-begin = Práctica. Nadie lee esto, y nada se envía ni se guarda. Enter solo la termina.
practice-step-one = 1 de 3: escriba unas palabras y pulse Enter. Así se envía un mensaje.
practice-step-two = 2 de 3: escriba ? y pulse Enter. En una conversación eso muestra qué más puede hacer.
practice-step-three = 3 de 3: escriba una última línea, como adiós, y pulse Enter.
practice-choices-here = En una conversación, aquí salen ahora opciones con números. Usted escribe un número y pulsa Enter.
practice-keys-here = ! muestra Ayuda ya, y - oculta todo: las dos sirven también fuera de la práctica.
practice-not-that-one = Eso se enviaría como mensaje. Esta vez, escriba solo el signo ?
practice-sent = Enviado. (Práctica: no fue a ningún lado.)
practice-example = Ejemplo, lunes, 14:02: así se ve una respuesta. Puede tardar horas o días.
practice-left = La práctica terminó.
practice-over = Eso es todo. La práctica terminó.
