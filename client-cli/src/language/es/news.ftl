# What comes in (update/news.rs, output/human.rs).
news-new-words = Palabras nuevas de { $names }. Para leer: escriba ? y pulse Enter, y elija Personas.
news-relay-back = Hay conexión otra vez.
news-go-on-writing = Puede seguir escribiendo: se guarda bien aquí y sale más tarde.
news-sent-now = Lo que esperaba aquí ya está enviado.
news-contact = { $name } ya está en su lista, { $trust }. Ya se pueden escribir.
news-gap = { $number ->
    [one] Aquí no llegó 1 mensaje
   *[other] Aquí no llegaron { $number } mensajes
} de { $name }. Pida a { $name } que lo envíe otra vez.
news-not-arrived = Lo que usted escribió a { $name }, { $when }, no llegó. Si es importante, escríbalo otra vez.
news-something-not-arrived = Algo que usted escribió a { $name } no llegó.
news-somebody = la persona que usted invitó
news-second-taker = Una segunda persona probó su invitación. Sirve una sola vez, así que no pudo entrar. Cuando vea o llame
    a { $name }, pregunte si está en su lista la persona correcta.
news-second-taker-of = Una segunda persona probó su invitación { $id }. Sirve una sola vez, así que no pudo entrar. Cuando vea o llame
    a { $name }, pregunte si está en su lista la persona correcta.
news-check-asked = { $name } quiere comprobar las palabras con usted. Hablen por teléfono o en la misma sala, y empiece usted
    también. En la conversación: escriba ? y pulse Enter, y elija Acerca de { $name }.
news-differs = Este aparato y el de { $name } recuerdan la conversación de otra manera. Quizá se usa una copia antigua. Cuando
    vea o llame a { $name }, háblenlo y empiecen de nuevo: uno de ustedes hace una invitación para eso.
news-rejoined = Espera un nuevo comienzo con { $name }. Llame a { $name }, o véanse, y comprueben las palabras: entonces sigue la
    conversación. Hasta entonces no se envía nada.
news-damaged = Las claves de la conversación con { $name } ya no se pueden leer aquí. Lo que escribió sigue aquí. Para seguir,
    empiecen de nuevo: uno de ustedes hace una invitación para eso.
