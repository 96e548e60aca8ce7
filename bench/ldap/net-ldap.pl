#!/usr/bin/perl
# net-ldap.pl URL BASE BIND_DN PASSWORD_FILE FILTER ATTRIBUTE...: the same search with Net::LDAP, in pages of 1,000; every value is
# looked at. Prints how many there were.
use strict;
use warnings;
use Net::LDAP;
use Net::LDAP::Control::Paged;
use Net::LDAP::Constant qw(LDAP_CONTROL_PAGED);

my ($url, $base, $bind_dn, $password_file, $filter, @attributes) = @ARGV;
open my $secret, '<', $password_file or die "$password_file: $!\n";
chomp(my $password = <$secret>);
my $ldap = Net::LDAP->new($url) or die "$url: $@\n";
my $bound = $ldap->bind($bind_dn, password => $password);
die $bound->error, "\n" if $bound->code;

my $values = 0;
my $page = Net::LDAP::Control::Paged->new(size => 1000);
while (1) {
    my $answer = $ldap->search(base => $base, scope => 'sub', filter => $filter, attrs => \@attributes, control => [$page]);
    die $answer->error, "\n" if $answer->code;
    foreach my $entry ($answer->entries) {
        foreach my $value ($entry->get_value('proxyAddresses')) { $values++ if $value =~ /^smtp:/i }
    }
    my ($control) = $answer->control(LDAP_CONTROL_PAGED) or last;
    my $cookie = $control->cookie or last;
    $page->cookie($cookie);
}
$ldap->unbind;
print "$values\n";
