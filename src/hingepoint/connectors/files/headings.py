"""Headings as CRMs write them in German, French, Spanish, Dutch, Italian, Portuguese and Japanese.

By our column; they are recognised after the English ones. Accents may be left out.
"""

from __future__ import annotations

DEALS: dict[str, str] = {
    "deal_id": "Verkaufschancen-ID, Opportunity-ID, Deal-ID, Geschäfts-ID, Verkaufschance-Nr., ID de l'opportunité,"
    " ID opportunité, identifiant de l'opportunité, ID de l'affaire, ID de oportunidad, ID de la oportunidad,"
    " ID del negocio, Verkoopkans-ID, Opportunity-id, ID kans, ID opportunità, ID trattativa, ID da oportunidade,"
    " ID do negócio, 商談ID, 案件ID, 商談番号, 案件番号",
    "created": "Erstellt am, Erstellt, Erstelldatum, Erstellungsdatum, Angelegt am, Date de création, Créé le, Créée le,"
    " Fecha de creación, Creado el, Creada el, Fecha creación, Aangemaakt op, Aanmaakdatum, Datum aangemaakt,"
    " Data di creazione, Data creazione, Creato il, Data de criação, Criado em, Criada em, 作成日, 作成日時, 登録日",
    "status": "Deal-Status, Ergebnis, Statut, Résultat, État, Estado, Resultado, Resultaat, Stato, Esito, Risultato,"
    " Situação, 状態, ステータス, 結果, 状況",
    "closed": "Abschlussdatum, Schlusstermin, Abgeschlossen am, Geschlossen am, Date de clôture, Date de fermeture,"
    " Clôturé le, Clôturée le, Fecha de cierre, Cerrado el, Cerrada el, Fecha cierre, Sluitingsdatum, Gesloten op,"
    " Afsluitdatum, Data di chiusura, Data chiusura, Chiuso il, Data de fechamento, Data de encerramento, Fechado em,"
    " 完了日, 完了予定日, クローズ日, 受注日, deal - deal closed on, deal closed on",
    "amount": "Betrag, Wert, Auftragswert, Volumen, Umsatz, Montant, Valeur, Importe, Monto, Valor, Cantidad, Bedrag,"
    " Waarde, Importo, Valore, Ammontare, Montante, Quantia, 金額, 受注金額",
    "currency": "Währung, Waehrung, Devise, Monnaie, Moneda, Divisa, Valuta, Moeda, 通貨, deal - currency of value,"
    " currency of value",
    "initial_amount": "Anfangsbetrag, Montant initial, Importe inicial, Oorspronkelijk bedrag, Importo iniziale,"
    " Valor inicial, 当初金額",
    "list_price": "Listenpreis, Prix catalogue, Prix public, Precio de lista, Precio de catálogo, Lijstprijs,"
    " Prezzo di listino, Preço de tabela, Preço de lista, 定価",
    "net_price": "Nettopreis, Netto-Preis, Prix net, Precio neto, Nettoprijs, Prezzo netto, Preço líquido, 正味価格",
    "discount": "Rabatt, Nachlass, Remise, Rabais, Descuento, Korting, Sconto, Desconto, 割引率, 割引",
    "cost": "Kosten, Coût, Coûts, Costo, Coste, Costi, Custo, 原価",
    "margin": "Marge, Margen, Margine, Margem, 利益率",
    "owner": "Besitzer, Inhaber, Verkäufer, Zuständig, Propriétaire, Vendeur, Commercial, Propietario, Vendedor,"
    " Comercial, Eigenaar, Verkoper, Proprietario, Titolare, Venditore, Proprietário, Responsável, 所有者, 担当者, 営業担当",
    "manager": "Vorgesetzter, Vertriebsleiter, Responsable commercial, Gerente, Jefe de ventas, Leidinggevende,"
    " Responsabile, Gestor, 上司, マネージャー",
    "team": "Vertriebsteam, Verkaufsteam, Équipe, Équipe commerciale, Equipo, Equipo de ventas, Verkoopteam, Squadra,"
    " Team di vendita, Equipe de vendas, Equipe, チーム, 営業チーム",
    "region": "Gebiet, Land, Vertriebsgebiet, Région, Pays, Región, País, Regio, Regione, Paese, Região, 地域, 国",
    "segment": "Branche, Kundensegment, Secteur, Segmento, Sector, Branche, Segmento, Settore, Setor, 業種, セグメント",
    "product": "Produkt, Produktlinie, Produit, Producto, Prodotto, Produto, 製品, 商品",
    "source": "Quelle, Lead-Quelle, Herkunft, Origine, Fuente, Origen, Bron, Fonte, Origem, リードソース, 流入元",
    "account": "Kunde, Firma, Unternehmen, Client, Compte, Société, Entreprise, Cliente, Cuenta, Empresa, Klant, Bedrijf,"
    " Account, Azienda, Conto, Conta, 取引先, 取引先名, 顧客, 会社名",
    "stage": "Phase, Verkaufsphase, Stufe, Étape, Phase de vente, Etapa, Fase, Fase de venta, Verkoopfase, Fase di vendita,"
    " Estágio, Fase da venda, フェーズ, ステージ",
    "expected_close": "Voraussichtlicher Abschluss, Erwartetes Abschlussdatum, Geplantes Abschlussdatum,"
    " Date de clôture prévue, Clôture prévue, Fecha de cierre prevista, Cierre previsto, Verwachte sluitingsdatum,"
    " Verwachte sluiting, Data di chiusura prevista, Chiusura prevista, Data prevista de fechamento,"
    " Fechamento previsto, 完了予定",
}

EVENTS: dict[str, str] = {
    "deal_id": DEALS["deal_id"],
    "agreement": "Vereinbarung, Aktivität, Ereignis, Accord, Activité, Événement, Acuerdo, Actividad, Evento, Afspraak,"
    " Activiteit, Gebeurtenis, Accordo, Attività, Acordo, Atividade, 合意, 活動, 活動内容",
    "at": "Datum, Zeitpunkt, Datum und Uhrzeit, Date et heure, Fecha, Fecha y hora, Tijdstip, Data, Data e ora, Data e hora,"
    " 日付, 日時, 発生日",
    "counterpart": "Ansprechpartner, Interlocuteur, Contacto, Contactpersoon, Contatto, Contato, 相手, 相手先担当者",
    "actor": "Benutzer, Besitzer, Utilisateur, Usuario, Gebruiker, Utente, Usuário, 実施者, 担当者",
    "value": "Betrag, Wert, Montant, Valeur, Importe, Valor, Bedrag, Waarde, Importo, Valore, 金額",
    "currency": DEALS["currency"],
    "note": "Notiz, Bemerkung, Kommentar, Remarque, Commentaire, Nota, Comentario, Notitie, Opmerking, Commento,"
    " Observação, Comentário, メモ, 備考",
}
