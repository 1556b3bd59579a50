import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterClientQuotasOptions;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialAlteration;
import org.apache.kafka.clients.admin.UserScramCredentialDeletion;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.quota.ClientQuotaFilter;
import org.apache.kafka.common.quota.ClientQuotaFilterComponent;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** The part of the tour with quotas, SCRAM credentials and ACLs. */
final class SecurityTour {
    private final Tour tour;
    private final Admin admin;
    private final String topic;
    private final String name;

    SecurityTour(Tour tour, Admin admin, String topic, String name) {
        this.tour = tour;
        this.admin = admin;
        this.topic = topic;
        this.name = name;
    }

    void walk() {
        quotas();
        credentials();
        acls();
    }

    private void quotas() {
        tour.act("validate quotas", () -> alterQuota("producer_byte_rate", 1e9, true));
        tour.act("alter quotas", () -> alterQuota("producer_byte_rate", 1e9, false));
        tour.until("describe quotas", found -> !isEmpty(found), this::describedQuotas);
        tour.act("alter an unknown quota", () -> alterQuota("no_such_rate", 1.0, false));
        tour.act("alter a quota to a wrong value", () -> alterQuota("producer_byte_rate", -1.0, false));
        tour.act("remove quotas", () -> alterQuota("producer_byte_rate", null, false));
        tour.until("describe quotas that are left", SecurityTour::isEmpty, this::describedQuotas);
    }

    private static boolean isEmpty(Object found) {
        return found.equals(List.of());
    }

    private void alterQuota(String key, Double value, boolean validate) throws Exception {
        ClientQuotaAlteration alteration =
                new ClientQuotaAlteration(
                        new ClientQuotaEntity(
                                Map.of(ClientQuotaEntity.USER, name, ClientQuotaEntity.CLIENT_ID, name)),
                        List.of(new ClientQuotaAlteration.Op(key, value)));
        AlterClientQuotasOptions options = new AlterClientQuotasOptions().validateOnly(validate);
        admin.alterClientQuotas(List.of(alteration), options).all().get();
    }

    private Object describedQuotas() throws Exception {
        ClientQuotaFilterComponent user =
                ClientQuotaFilterComponent.ofEntity(ClientQuotaEntity.USER, name);
        List<Object> told = new ArrayList<>();
        admin.describeClientQuotas(ClientQuotaFilter.contains(List.of(user)))
                .entities()
                .get()
                .forEach(
                        (entity, values) ->
                                told.add(
                                        List.of(
                                                new ArrayList<>(
                                                        new TreeMap<>(entity.entries()).keySet()),
                                                new TreeMap<>(values))));
        return told;
    }

    private void credentials() {
        ScramMechanism mechanism = ScramMechanism.SCRAM_SHA_256;
        ScramCredentialInfo info = new ScramCredentialInfo(mechanism, 4096);
        tour.act(
                "upsert SCRAM credentials",
                () -> alter(new UserScramCredentialUpsertion(name, info, "secret")));
        tour.until(
                "describe SCRAM credentials",
                found -> !isEmpty(found),
                () -> {
                    List<Object> told = new ArrayList<>();
                    admin.describeUserScramCredentials(List.of(name))
                            .description(name)
                            .get()
                            .credentialInfos()
                            .forEach(
                                    found ->
                                            told.add(
                                                    List.of(
                                                            found.mechanism().mechanismName(),
                                                            found.iterations())));
                    return told;
                });
        tour.step(
                "list users with SCRAM credentials",
                () -> admin.describeUserScramCredentials().users().get().contains(name));
        tour.act(
                "upsert SCRAM credentials with few iterations",
                () ->
                        alter(
                                new UserScramCredentialUpsertion(
                                        name, new ScramCredentialInfo(mechanism, 1), "secret")));
        tour.act(
                "delete SCRAM credentials",
                () -> alter(new UserScramCredentialDeletion(name, mechanism)));
        tour.act(
                "delete SCRAM credentials again",
                () -> alter(new UserScramCredentialDeletion(name, mechanism)));
    }

    private void alter(UserScramCredentialAlteration alteration) throws Exception {
        admin.alterUserScramCredentials(List.of(alteration)).all().get();
    }

    /** Without an authorizer a broker refuses these. */
    private void acls() {
        AclBinding binding =
                new AclBinding(
                        new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL),
                        new AccessControlEntry(
                                "User:" + name, "*", AclOperation.READ, AclPermissionType.ALLOW));
        tour.act("create ACLs", () -> admin.createAcls(List.of(binding)).all().get());
        tour.until(
                "describe ACLs",
                found -> found.equals(1),
                () -> admin.describeAcls(binding.toFilter()).values().get().size());
        tour.step(
                "delete ACLs",
                () -> admin.deleteAcls(List.of(binding.toFilter())).all().get().size());
    }
}
