using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Monitors.Incidents;

/// <summary>Incidents: a record each, its timeline within, so that state and timeline never disagree.</summary>
internal sealed class IncidentStore(IRecordStore records, ILogger<IncidentStore>? log = null)
{
    private const string Prefix = "incidents/";

    public async Task<Incident?> FindAsync(string id, CancellationToken cancellationToken) =>
        IncidentId.IsValid(id) && await records.GetAsync(Prefix + id, cancellationToken).ConfigureAwait(false) is { } record
            ? Read(record)
            : null;

    public async Task<Incident> GetAsync(string id, CancellationToken cancellationToken) =>
        await FindAsync(id, cancellationToken).ConfigureAwait(false)
        ?? throw new AgentException(ErrorCode.IncidentNotFound, $"There is no incident '{id}'.");

    /// <summary>Writes a new incident; one of the same id is left as it is.</summary>
    public async Task AddAsync(Incident incident, CancellationToken cancellationToken)
    {
        try
        {
            await records.PutAsync(Prefix + incident.Id, Write(incident), RecordCondition.IfNew, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
        {
            // Written before a crash, by the same tick.
        }
    }

    /// <summary>Changes an incident; begins again where somebody else changed it meanwhile.</summary>
    /// <param name="id">The incident.</param>
    /// <param name="change">The new incident; the same one for no change.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<Incident> UpdateAsync(string id, Func<Incident, Incident> change, CancellationToken cancellationToken)
    {
        while (true)
        {
            StoredRecord record = await records.GetAsync(Prefix + id, cancellationToken).ConfigureAwait(false)
                ?? throw new AgentException(ErrorCode.IncidentNotFound, $"There is no incident '{id}'.");
            Incident before = Read(record);
            Incident after = change(before);
            if (ReferenceEquals(before, after))
            {
                return before;
            }

            try
            {
                await records.PutAsync(record.Key, Write(after), RecordCondition.IfMatch(record.Etag), cancellationToken).ConfigureAwait(false);
                return after;
            }
            catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
            {
                // Somebody else was faster: decide again on what they wrote.
            }
        }
    }

    /// <summary>Adds an entry to the timeline, once.</summary>
    public Task<Incident> AppendAsync(string id, IncidentEntry entry, CancellationToken cancellationToken) =>
        UpdateAsync(id, incident => incident.Has(entry.Id) ? incident : incident.With(entry), cancellationToken);

    public async IAsyncEnumerable<Incident> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Incident incident in records.ReadAllAsync(Prefix, Read, log, cancellationToken).ConfigureAwait(false))
        {
            yield return incident;
        }
    }

    private static Incident Read(StoredRecord record) =>
        JsonSerializer.Deserialize<Incident>(record.Value.Span, MonitorJson.Options)!;

    private static byte[] Write(Incident incident) => JsonSerializer.SerializeToUtf8Bytes(incident, MonitorJson.Options);
}
