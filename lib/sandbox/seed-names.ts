/** Invented clients, 25 for each tenant. Any likeness to a real company or person is by accident. */

/** Name, country, industry. */
export type CompanyRow = readonly [name: string, country: string, industry: string];

/** First name, last name, country, date of birth. */
export type PersonRow = readonly [firstName: string, lastName: string, country: string, born: string];

/** Fifteen companies per tenant. */
export const COMPANIES: readonly (readonly CompanyRow[])[] = [
  [
    ['Brightwater Shipping Limited', 'Ireland', 'Transport'],
    ['Grünfeld Maschinenbau GmbH', 'Germany', 'Manufacturing'],
    ['Łubiński Logistyka Sp. z o.o.', 'Poland', 'Transport'],
    ['日本みどり物産株式会社', 'Japan', 'Wholesale'],
    ['Corrib Valley Dairies DAC', 'Ireland', 'Food'],
    ['Ashgrove Capital Partners LLP', 'United Kingdom', 'Asset Management'],
    ['Société Minière du Val Clair SA', 'France', 'Mining'],
    ['Tallinna Merekaubandus OÜ', 'Estonia', 'Wholesale'],
    ['Polar Lantern Energy AS', 'Norway', 'Energy'],
    ['Quillmark Software Inc.', 'United States', 'Technology'],
    ['Costa Serena Hoteles S.L.', 'Spain', 'Hospitality'],
    ['Øresund Vindkraft A/S', 'Denmark', 'Energy'],
    ['Brightwater Marine Insurance Limited', 'Ireland', 'Insurance'],
    ['Fernhollow Pension Trustees Limited', 'United Kingdom', 'Pensions'],
    ['Zielonka & Partnerzy S.A.', 'Poland', 'Legal Services'],
  ],
  [
    ['Harrowgate Textiles plc', 'United Kingdom', 'Manufacturing'],
    ['Müller-Lindqvist Pharma AG', 'Switzerland', 'Pharmaceuticals'],
    ['Redstone Pastoral Pty Ltd', 'Australia', 'Agriculture'],
    ['香港蓝桥贸易有限公司', 'Hong Kong', 'Wholesale'],
    ['Kestrel Point Fund SICAV', 'Luxembourg', 'Asset Management'],
    ['Maple Ridge Timber Corp.', 'Canada', 'Forestry'],
    ['Bahía Azul Pesquera S.A.', 'Chile', 'Fishing'],
    ['Škoda Blažek Stavby s.r.o.', 'Czechia', 'Construction'],
    ['Sunda Strait Palm Oil Tbk', 'Indonesia', 'Agriculture'],
    ['Nimbus & Vale Aviation Leasing Limited', 'Ireland', 'Leasing'],
    ['Ægir Fisheries hf.', 'Iceland', 'Fishing'],
    ['Copperfield Mutual Society', 'United Kingdom', 'Banking'],
    ['Redstone Minerals Exploration Pty Ltd', 'Australia', 'Mining'],
    ['Deccan Lantern Textiles Private Limited', 'India', 'Manufacturing'],
    ['Villa Ombrosa Vini S.r.l.', 'Italy', 'Food'],
  ],
];

/** Ten people per tenant. */
export const PEOPLE: readonly (readonly PersonRow[])[] = [
  [
    ['Aoife', 'Brennan-Quirke', 'Ireland', '1984-03-17'],
    ['Łukasz', 'Wiśniewicki', 'Poland', '1979-11-02'],
    ['Jürgen', 'Ostermaier', 'Germany', '1968-07-23'],
    ['美咲', '青木原', 'Japan', '1991-05-30'],
    ['Tomás', 'de la Hoz Vega', 'Spain', '1975-01-09'],
    ['Ingrid', 'Solbakken', 'Norway', '1988-12-12'],
    ['Chinedu', 'Okparaeke', 'Nigeria', '1982-09-04'],
    ['Marguerite', 'Vauclair', 'France', '1959-06-21'],
    ['Oisín', 'Tarpey', 'Ireland', '1996-02-28'],
    ['Priya', 'Venkataswaran', 'India', '1987-10-15'],
  ],
  [
    ['Beatrix', 'Halloway', 'United Kingdom', '1972-04-11'],
    ['Zoë', 'Küttel', 'Switzerland', '1990-08-19'],
    ['Håkon', 'Brattvåg', 'Norway', '1965-02-03'],
    ['志明', '陳柏', 'Hong Kong', '1983-12-25'],
    ['Dermot', 'Quillfeather', 'Ireland', '1977-07-07'],
    ['Eliška', 'Dvořáčková', 'Czechia', '1993-03-29'],
    ['Wiremu', 'Tāwhara', 'New Zealand', '1986-05-16'],
    ['Abigail', 'Stonecroft', 'Canada', '1969-11-30'],
    ['Nadia', 'Benhaddou', 'Morocco', '1981-01-22'],
    ['Rafael', 'Montenegro Lobo', 'Chile', '1974-09-13'],
  ],
];
