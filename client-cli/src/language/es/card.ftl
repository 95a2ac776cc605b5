# Help now (output/card.rs).
card-title = AYUDA YA
card-no-service = Cairn no es un servicio de emergencias. Quizá nadie lee aquí en este momento.
card-call = Si usted u otra persona está en peligro, llame al número local de emergencias, o pida a alguien cercano
    que llame.
card-no-numbers = Su centro no ha dado números de teléfono a este programa, por eso aquí no hay ninguno. Pídalos
    cuando esté bien, y téngalos junto al teléfono.
card-unusable = La tarjeta de su centro no se puede leer aquí, por eso no hay ninguno de sus números. Pídalos cuando
    esté bien, y téngalos junto al teléfono.
card-say = Puede decir: necesito ayuda ya.
