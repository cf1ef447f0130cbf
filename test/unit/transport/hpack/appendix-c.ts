/** One of the consecutive blocks of a section of RFC 7541 Appendix C. */
export interface Example {
  dump: string;
  /** Lines of `name: value`, and so are the entries of the table, after their sizes. */
  fields: string;
  table: string;
  tableSize: number;
}

const firstRequest = `
  :method: GET
  :scheme: http
  :path: /
  :authority: www.example.com`;
const secondRequest = `
  :method: GET
  :scheme: http
  :path: /
  :authority: www.example.com
  cache-control: no-cache`;
const thirdRequest = `
  :method: GET
  :scheme: https
  :path: /index.html
  :authority: www.example.com
  custom-key: custom-value`;

const tablesOfRequests = [
  { table: "57 :authority: www.example.com", tableSize: 57 },
  { table: "53 cache-control: no-cache\n57 :authority: www.example.com", tableSize: 110 },
  {
    table: "54 custom-key: custom-value\n53 cache-control: no-cache\n57 :authority: www.example.com",
    tableSize: 164,
  },
] as const;

/** C.3: requests without Huffman code. */
export const plainRequests: readonly Example[] = [
  { dump: "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", fields: firstRequest, ...tablesOfRequests[0] },
  { dump: "8286 84be 5808 6e6f 2d63 6163 6865", fields: secondRequest, ...tablesOfRequests[1] },
  {
    dump: "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    fields: thirdRequest,
    ...tablesOfRequests[2],
  },
];

/** C.4: the same with it. */
export const huffmanRequests: readonly Example[] = [
  { dump: "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", fields: firstRequest, ...tablesOfRequests[0] },
  { dump: "8286 84be 5886 a8eb 1064 9cbf", fields: secondRequest, ...tablesOfRequests[1] },
  {
    dump: "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    fields: thirdRequest,
    ...tablesOfRequests[2],
  },
];

const firstResponse = `
  :status: 302
  cache-control: private
  date: Mon, 21 Oct 2013 20:13:21 GMT
  location: https://www.example.com`;
const secondResponse = `
  :status: 307
  cache-control: private
  date: Mon, 21 Oct 2013 20:13:21 GMT
  location: https://www.example.com`;
const thirdResponse = `
  :status: 200
  cache-control: private
  date: Mon, 21 Oct 2013 20:13:22 GMT
  location: https://www.example.com
  content-encoding: gzip
  set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1`;

const tablesOfResponses = [
  {
    table: `63 location: https://www.example.com
      65 date: Mon, 21 Oct 2013 20:13:21 GMT
      52 cache-control: private
      42 :status: 302`,
    tableSize: 222,
  },
  {
    table: `42 :status: 307
      63 location: https://www.example.com
      65 date: Mon, 21 Oct 2013 20:13:21 GMT
      52 cache-control: private`,
    tableSize: 222,
  },
  {
    table: `98 set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1
      52 content-encoding: gzip
      65 date: Mon, 21 Oct 2013 20:13:22 GMT`,
    tableSize: 215,
  },
] as const;

/** C.5: responses without Huffman code, with a table of 256 octets. */
export const plainResponses: readonly Example[] = [
  {
    dump: `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32
      3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
    fields: firstResponse,
    ...tablesOfResponses[0],
  },
  { dump: "4803 3330 37c1 c0bf", fields: secondResponse, ...tablesOfResponses[1] },
  {
    dump: `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970
      7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765
      3d33 3630 303b 2076 6572 7369 6f6e 3d31`,
    fields: thirdResponse,
    ...tablesOfResponses[2],
  },
];

/** C.6: the same with it. */
export const huffmanResponses: readonly Example[] = [
  {
    dump: `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad
      1718 63c7 8f0b 97c8 e9ae 82ae 43d3`,
    fields: firstResponse,
    ...tablesOfResponses[0],
  },
  { dump: "4883 640e ffc1 c0bf", fields: secondResponse, ...tablesOfResponses[1] },
  {
    dump: `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2
      e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
    fields: thirdResponse,
    ...tablesOfResponses[2],
  },
];

export function fieldsOf(lines: string): string[] {
  const trimmed = lines.trim();
  return trimmed === "" ? [] : trimmed.split("\n").flatMap((line) => line.trim().split(/(?<=.): /));
}
