#!/usr/bin/perl
# extract.pl TABLE URL BASE BIND_DN PASSWORD_FILE: one table out of Active Directory on stdout, by a search of its own; how many
# requests that took on stderr. Written as the old scripts are: Net::LDAP, pages of 1,000, an object for each entry.
use strict;
use warnings;
use Net::LDAP;
use Net::LDAP::Control::Paged;
use Net::LDAP::Constant qw(LDAP_CONTROL_PAGED);

my ($table, $url, $base, $bind_dn, $password_file) = @ARGV;

my %filters = (
    exch_table => '(&(proxyAddresses=*)(|(homeMDB=*)(objectClass=group)(objectClass=publicFolder)'
        . '(objectClass=msExchDynamicDistributionList)(objectClass=contact)(msExchRecipientTypeDetails=128))'
        . '(!(|(msExchRecipientTypeDetails=8192)(msExchRecipientTypeDetails=16384)(msExchRecipientTypeDetails=4194304)'
        . '(msExchRecipientTypeDetails=8388608)(msExchRecipientTypeDetails=536870912)(msExchRecipientTypeDetails=68719476736)'
        . '(msExchRecipientTypeDetails=549755813888)(msExchRecipientTypeDetails=4398046511104))))',
    o365_table => '(&(proxyAddresses=*)(targetAddress=*)(|(msExchRecipientTypeDetails=2147483648)'
        . '(msExchRecipientTypeDetails=8589934592)(msExchRecipientTypeDetails=17179869184)'
        . '(msExchRecipientTypeDetails=34359738368)))',
);
my $domains = qr/\@(?:(?:arts|phys|celtic|law|lib|med|admin|zoo)\.)?example\.ac\.uk$/;

open my $secret, '<', $password_file or die "$password_file: $!\n";
chomp(my $password = <$secret>);
my $ldap = Net::LDAP->new($url) or die "$url: $@\n";
my $bound = $ldap->bind($bind_dn, password => $password);
die $bound->error, "\n" if $bound->code;

my $requests = 1;
my $page = Net::LDAP::Control::Paged->new(size => 1000);
while (1) {
    my $answer = $ldap->search(
        base    => $base,
        scope   => 'sub',
        filter  => $filters{$table},
        attrs   => [qw(proxyAddresses targetAddress)],
        control => [$page],
    );
    $requests++;
    die $answer->error, "\n" if $answer->code;
    foreach my $entry ($answer->entries) {
        my @addresses = grep { /^smtp:/i } $entry->get_value('proxyAddresses');
        my ($primary) = grep { /^SMTP:/ } @addresses;
        my $value = $table eq 'o365_table' ? $entry->get_value('targetAddress') : $primary;
        next unless defined $value;
        $value =~ s/^smtp://i;
        foreach my $address (@addresses) {
            my $key = lc substr $address, 5;
            next unless $key =~ $domains;
            print $key, ': ', lc $value, "\n";
        }
    }
    my ($control) = $answer->control(LDAP_CONTROL_PAGED) or last;
    my $cookie = $control->cookie or last;
    $page->cookie($cookie);
}
$ldap->unbind;
print STDERR "$requests\n";
