# Help now (output/card.rs).
card-title = AYUDA YA
card-no-service = Cairn no es un servicio de emergencias. Quizá nadie lee aquí en este momento.
card-call = Si usted u otra persona está en peligro, llame al número local de emergencias, o pida a alguien cercano que llame.
card-no-numbers = Su centro no dio números. Pídalos cuando esté bien.
card-unusable = La tarjeta de su centro no se puede leer aquí. Pida sus números cuando esté bien.
card-say = Puede decir: necesito ayuda ya.
