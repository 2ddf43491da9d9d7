using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Monitors.Incidents;

/// <summary>Incidents: a record each, its timeline within, so that state and timeline never disagree.</summary>
internal sealed class IncidentStore(IRecordStore records, ILogger<IncidentStore>? log = null)
{
    private const string Prefix = "incidents/";

    private readonly JsonRecords<Incident> _incidents = new(records,
        (JsonTypeInfo<Incident>)MonitorJson.Options.GetTypeInfo(typeof(Incident)));

    public async Task<Incident?> FindAsync(string id, CancellationToken cancellationToken) => IncidentId.IsValid(id)
        ? (await _incidents.FindAsync(Prefix + id, cancellationToken).ConfigureAwait(false))?.Value
        : null;

    public async Task<Incident> GetAsync(string id, CancellationToken cancellationToken) =>
        await FindAsync(id, cancellationToken).ConfigureAwait(false) ?? throw NotFound(id);

    /// <summary>Writes a new incident; one of the same id, which the same tick wrote before a crash, is left as it is.</summary>
    public Task AddAsync(Incident incident, CancellationToken cancellationToken) =>
        _incidents.TryPutAsync(Prefix + incident.Id, incident, null, cancellationToken);

    /// <summary>Changes an incident; begins again where somebody else changed it meanwhile.</summary>
    /// <param name="id">The incident.</param>
    /// <param name="change">The new incident; the same one for no change.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<Incident> UpdateAsync(string id, Func<Incident, Incident> change, CancellationToken cancellationToken) =>
        _incidents.UpdateAsync(Prefix + id, before => change(before ?? throw NotFound(id)), cancellationToken);

    /// <summary>Adds an entry to the timeline, once.</summary>
    public Task<Incident> AppendAsync(string id, IncidentEntry entry, CancellationToken cancellationToken) =>
        UpdateAsync(id, incident => incident.Has(entry.Id) ? incident : incident.With(entry), cancellationToken);

    public async IAsyncEnumerable<Incident> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Incident incident in records.ReadAllAsync(Prefix, _incidents.Read, log, cancellationToken)
            .ConfigureAwait(false))
        {
            yield return incident;
        }
    }

    private static AgentException NotFound(string id) => new(ErrorCode.IncidentNotFound, $"There is no incident '{id}'.");
}
