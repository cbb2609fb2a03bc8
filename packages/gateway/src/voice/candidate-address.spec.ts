import { expect, it } from 'vitest';
import { isPublicAddress } from './candidate-address.js';

it('takes addresses of the internet for public', () => {
  const some = ['8.8.8.8', '93.184.216.34', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'];
  expect(some.filter((address) => !isPublicAddress(address))).toEqual([]);
});

it('takes addresses of private, loopback, link-local, unique-local and reserved networks for private', () => {
  const some = [
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd12:3456::1',
    'ff02::1',
    '3fff::1',
    '5f00::1',
  ];
  expect(some.filter(isPublicAddress)).toEqual([]);
});

it('looks through IPv6 addresses that lead to IPv4 ones', () => {
  const some = [
    '::ffff:10.0.0.1',
    '::ffff:c0a8:1',
    '::ffff:0:10.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::10.0.0.1',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
    '2002:c0a8:1::1',
    '::127.0.0.1',
  ];
  expect(some.filter(isPublicAddress)).toEqual([]);
});

it('lets names of mDNS pass, and no other name', () => {
  expect(isPublicAddress('8c7b0a4e-1d4c-4f9b-9a3e-2b1c0d9e8f7a.local')).toBe(true);
  expect(isPublicAddress('printer.local')).toBe(false);
  expect(isPublicAddress('intranet.example.org')).toBe(false);
  expect(isPublicAddress('')).toBe(false);
});
