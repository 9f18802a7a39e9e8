"""Invented names of people and companies, drawn without repetition."""

from __future__ import annotations

import unicodedata

import numpy as np

FIRST_NAMES = tuple(
    """Ada Adam Agnes Aino Alba Aleksander Alina Amara Amina Anders Andrea Anika Anouk Antoni Arash Astrid
    Aurelio Ayumi Bartosz Beatriz Benedikt Birgitta Bruna Camille Carmen Catarina Chiara Chidi Claudia Conor
    Daiki Damian Daria David Devika Dilara Dominik Eamon Edith Eleni Elif Emeka Emil Esra Fabian Farida Felix
    Fernanda Filip Fiona Florian Francesca Freya Gabriel Gerda Giulia Grace Gustav Hana Hannes Hassan Helena
    Henrik Hiroshi Ida Ignacio Ilse Imani Ines Ingrid Irina Isak Ivana Jakub Jana Javier Jelena Jens Joana
    Johan Jonas Julia Kamil Karin Katarina Keiko Kerstin Kofi Lars Laszlo Leila Lena Leon Liam Lidia Linnea
    Livia Lorenzo Lucia Luka Magda Maja Malik Marcel Margit Mariam Marta Matteo Mei Mikkel Milan Mina Miriam
    Nadia Naoko Nedim Nikolai Nina Noor Oda Olena Olga Olivier Omar Orla Oscar Paola Pavel Petra Pilar Priya
    Rafael Rania Renata Ricardo Rosa Ruben Saga Salma Samir Sanna Sara Sebastian Selma Signe Silvia Simon
    Sofia Soren Stefan Sunniva Svetlana Tamar Tariq Teresa Thandiwe Theo Thomas Tomasz Tove Ursula Valentin
    Vera Viktor Vilma Wanda Werner Wiktoria Xavier Yara Yasmin Yusuf Zofia Zsofia""".split()  # noqa: SIM905
)

LAST_NAMES = tuple(
    """Aalto Abara Adeyemi Albrecht Almeida Andersen Antonsen Arnold Ashworth Baptista Barros Bauer Becker
    Belmonte Berger Bianchi Blom Boateng Borg Brandt Brennan Bruun Calvet Campos Caruso Castellan Cerny
    Chandra Claes Conti Costa Dahl Delacroix Demir Diaz Dietrich Dobrev Doyle Dubois Duarte Ekberg Eklund
    Engel Eriksen Esposito Falk Farkas Faure Ferrer Fiala Fischer Fontaine Fournier Frey Galli Garrido
    Geiger Gonzaga Graf Grimaldi Haddad Hagen Halloran Hansen Haraldsen Hartmann Hayashi Heikkinen Herrera
    Hoffmann Holm Horvath Ibsen Ito Iversen Jansen Jensen Johansson Kaplan Karlsen Kaya Keller Kim Kjaer
    Klein Koch Kovac Kowalski Kraus Krog Lang Larsen Laurent Leclerc Lehtinen Lindgren Lopes Lund Maier
    Mancini Marchetti Marin Martens Mbeki Meyer Miller Moreau Moretti Moser Murphy Nagy Nakamura Navarro
    Neumann Nilsen Nowak Nygaard Obi Odell Okafor Olsen Orsini Osei Ostrowski Otero Palmer Papadakis Pavlov
    Pereira Petit Pinto Popescu Quinn Ramos Rasmussen Reyes Ribeiro Richter Rinaldi Romero Rossi Roth
    Rousseau Ruiz Saarinen Sandoval Santos Sato Schmid Schneider Serra Sharma Silva Simic Sjoberg Solberg
    Sorensen Stein Strand Suarez Svensson Szabo Takeda Tanaka Tavares Thorne Toth Urban Vaclavik Valente
    Vargas Varga Vasquez Vermeer Vidal Virtanen Vogel Wagner Wallin Walsh Weber Westergaard Winkler Wojcik
    Yamada Yilmaz Zamora Ziegler Zielinski""".split()  # noqa: SIM905
)

COMPANY_STEMS = tuple(
    """Abernal Adelune Aldemere Almarin Alpenrode Amberholt Anselo Arbelis Ardenvik Arquella Arvelo Asterlund
    Aurenne Avelgard Balmara Barrowick Belcastra Benvelle Bergholt Birkenau Bjornholt Blautal Borealund
    Brandvold Brennick Brisolde Bronnoy Caldemar Calidra Camberlon Carrowin Castelmar Celandra Cindervale
    Clarendot Cobaltine Corvinal Crestholm Dalmora Damsgard Delphora Dornwald Drachtal Dunmarrow Eastrigg
    Eberlund Edelvarn Eikeland Elbrunn Elmarra Emberley Ennisvale Estralda Evenskar Fairlund Falkmar
    Felsenau Fernaldo Fjordan Florenza Foxgrave Galvera Gansevik Gelderon Glenmarch Goldacre Granvelle
    Greifenau Grunwick Halberan Halvorsund Harrowdene Hasselbro Havelin Heidelund Helmora Hestvik Hollenau
    Ibernal Ilmarin Inselmar Isarvelt Ivandra Jarlholm Jasparo Jorvinne Kaldermann Karvela Kestermill
    Kirkenau Klarvik Korvanta Kronholt Lachmere Lagunara Larkmoor Lindenau Lisvonne Lofthall Lorencia
    Lumarca Madrigalo Malverntay Marenholt Marisol Meldrine Merrowby Mistravel Montaval Morvanne
    Narvelund Nebelhorn Nordhamar Norrvale Nuvola Oakenholt Odenmark Olivarra Orchardin Orsolani Ostergard
    Palmeron Pelagra Pinewick Portamere Quintavel Rabenau Ravnsborg Redmarsh Rheinold Riverola Rosenlund
    Rothmere Salvadera Sandmere Sarnholm Seelund Selkirra Serravall Silverdene Skovlund Solvanger
    Sorrentale Stallinga Steinmark Sternau Stormvik Sundholm Sylvarra Taldermoor Tamarose Terravolta
    Thornwick Tidemark Torvanne Trelissa Ulvesund Umbralis Valdorra Vallhagen Vantorre Veldost
    Verdanna Vesterlo Vindmar Volterand Walderau Wendelin Westermoor Wilderbeck Windhavn Wolkenau
    Yarrowdale Ysselmond Zandermeer Zellenau""".split()  # noqa: SIM905
)

#: industry -> what its companies call themselves
INDUSTRIES = {
    "Food and drink": ("Foods", "Dairy", "Breweries", "Mills", "Bakeries"),
    "Chemicals": ("Chemicals", "Coatings", "Polymers", "Resins"),
    "Energy": ("Energy", "Power", "Grid", "Heat"),
    "Water": ("Water", "Waterworks", "Utilities"),
    "Pharma": ("Pharma", "Biologics", "Laboratories"),
    "Paper and packaging": ("Paper", "Packaging", "Board"),
    "Metals": ("Steel", "Metals", "Castings", "Foundries"),
    "Logistics": ("Logistics", "Ports", "Freight"),
    "Public services": ("City Services", "Regional Health", "Public Works"),
}


def people(*, count: int, rng: np.random.Generator) -> list[str]:
    """Return ``count`` different full names."""
    every = len(FIRST_NAMES) * len(LAST_NAMES)
    chosen = rng.choice(every, size=count, replace=False)
    return [f"{FIRST_NAMES[i // len(LAST_NAMES)]} {LAST_NAMES[i % len(LAST_NAMES)]}" for i in chosen]


def companies(*, count: int, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Return ``count`` different ``(company name, industry)``."""
    every = [
        (f"{stem} {suffix}", industry)
        for industry, suffixes in INDUSTRIES.items()
        for suffix in suffixes
        for stem in COMPANY_STEMS
    ]
    chosen = rng.choice(len(every), size=count, replace=False)
    return [every[i] for i in chosen]


def slug(name: str) -> str:
    """Return the name as it stands in an address: ``Zsofia Toth`` -> ``zsofia.toth``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return ".".join(plain.lower().split())
