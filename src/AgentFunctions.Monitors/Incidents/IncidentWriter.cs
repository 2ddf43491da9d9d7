using AgentFunctions.Durability;
using AgentFunctions.Monitors.Orchestration;
using AgentFunctions.Monitors.Ticks;

namespace AgentFunctions.Monitors.Incidents;

/// <summary>Writes down what becomes of incidents, and starts and tells those that watch over them.</summary>
internal sealed class IncidentWriter(IncidentStore incidents, IOrchestrationClient orchestrations, TimeProvider time)
{
    /// <summary>Carries out what a tick decided about an incident; again without harm.</summary>
    public async Task ApplyAsync(MonitorDefinition monitor, TickRecord tick, IncidentChange change,
        CancellationToken cancellationToken)
    {
        var entry = new IncidentEntry($"{tick.Id}/{change.Kind}", tick.At, change.Kind, $"tick:{tick.Id}", change.Text,
            change.Evidence);
        if (change.Kind == IncidentEntryKind.Opened)
        {
            await incidents.AddAsync(New(monitor, tick, change).With(entry), cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await incidents.UpdateAsync(
                change.IncidentId,
                incident => incident.Has(entry.Id) ? incident : Changed(incident, change).With(entry),
                cancellationToken).ConfigureAwait(false);
        }

        if (change.Kind is IncidentEntryKind.Opened or IncidentEntryKind.Reopened)
        {
            await BeginAsync(monitor, change, cancellationToken).ConfigureAwait(false);
        }
        else if (change.Kind == IncidentEntryKind.Resolved)
        {
            await TellAsync(change.IncidentId, change.Opening, new IncidentNews(IncidentState.Resolved, entry.By),
                cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>Changes an incident on a person's behalf.</summary>
    /// <param name="id">The incident.</param>
    /// <param name="state">Acknowledged or resolved.</param>
    /// <param name="by">Who.</param>
    /// <param name="comment">Why.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<Incident> SetAsync(string id, IncidentState state, string by, string? comment,
        CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        IncidentEntryKind kind = state == IncidentState.Resolved ? IncidentEntryKind.Resolved : IncidentEntryKind.Acknowledged;
        Incident before = await incidents.GetAsync(id, cancellationToken).ConfigureAwait(false);
        var news = new IncidentNews(state, $"person:{by}");
        if (before.State == state)
        {
            // A crash may have come between the change and this.
            await TellAsync(id, before.Openings, news, cancellationToken).ConfigureAwait(false);
        }

        Incident after = await incidents.UpdateAsync(id, Change, cancellationToken).ConfigureAwait(false);
        await TellAsync(id, after.Openings, news, cancellationToken).ConfigureAwait(false);
        return after;

        Incident Change(Incident incident) => incident.State is IncidentState.Resolved || incident.State == state
            ? throw new AgentException(ErrorCode.IncidentStateForbids, $"Incident '{id}' is {incident.State} already.")
            : (incident with { State = state, EndedAt = state == IncidentState.Resolved ? now : null }).With(new IncidentEntry(
                $"{kind}/{now.UtcTicks}", now, kind, $"person:{by}", comment ?? $"{kind} by {by}."));
    }

    private static Incident New(MonitorDefinition monitor, TickRecord tick, IncidentChange change) => new()
    {
        Id = change.IncidentId,
        Monitor = monitor.Name,
        Key = change.Key,
        Title = change.Title,
        Severity = change.Severity,
        Priority = change.Priority,
        StartedAt = change.SeenAt ?? tick.Due,
        OpenedAt = tick.At,
        Signals = change.Signals,
    };

    private static Incident Changed(Incident incident, IncidentChange change)
    {
        incident = incident with
        {
            Severity = change.Severity > incident.Severity ? change.Severity : incident.Severity,
            Priority = change.Priority,
            Signals = [.. incident.Signals.Union(change.Signals, StringComparer.Ordinal)],
        };
        return change.Kind switch
        {
            IncidentEntryKind.Reopened => incident with { State = IncidentState.Open, Openings = change.Opening, EndedAt = null },
            IncidentEntryKind.Flapping => incident with { IsFlapping = true },
            // A person may have been faster: their end stands.
            IncidentEntryKind.Resolved when incident.IsOpen =>
                incident with { State = IncidentState.Resolved, EndedAt = change.SeenAt },
            _ => incident,
        };
    }

    /// <summary>
    /// Starts those that watch over an opening, unless it is over. A person may act while they are being started, when there is
    /// nobody to tell yet: they are told afterwards.
    /// </summary>
    private async Task BeginAsync(MonitorDefinition monitor, IncidentChange change, CancellationToken cancellationToken)
    {
        if (await FindNewsAsync(change, cancellationToken).ConfigureAwait(false) is { State: IncidentState.Resolved })
        {
            return;
        }

        await WatchAsync(monitor, change, cancellationToken).ConfigureAwait(false);
        if (await FindNewsAsync(change, cancellationToken).ConfigureAwait(false) is { } news)
        {
            await TellAsync(change.IncidentId, change.Opening, news, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Gets what a person has done about an opening; <see langword="null"/> for nothing.</summary>
    private async Task<IncidentNews?> FindNewsAsync(IncidentChange change, CancellationToken cancellationToken)
    {
        Incident incident = await incidents.GetAsync(change.IncidentId, cancellationToken).ConfigureAwait(false);
        IncidentEntryKind? kind = incident.State switch
        {
            IncidentState.Resolved => IncidentEntryKind.Resolved,
            IncidentState.Acknowledged => IncidentEntryKind.Acknowledged,
            _ => null,
        };
        return kind is null
            ? null
            : new IncidentNews(incident.State, incident.Timeline.LastOrDefault(entry => entry.Kind == kind)?.By ?? "host");
    }

    private async Task WatchAsync(MonitorDefinition monitor, IncidentChange change, CancellationToken cancellationToken)
    {
        EscalationStep[] steps =
            [.. monitor.Escalation.Where(step => change.Severity >= step.AtLeast).OrderBy(step => step.After)];
        if (steps.Length > 0)
        {
            var watch = new IncidentWatch
            {
                IncidentId = change.IncidentId,
                Opening = change.Opening,
                Monitor = monitor.Name,
                Title = change.Title,
                Severity = change.Severity,
                Priority = change.Priority,
                Steps = steps,
            };
            await StartAsync(
                IncidentLoop.Name, IncidentLoop.InstanceIdOf(change.IncidentId, change.Opening), watch, cancellationToken)
                .ConfigureAwait(false);
        }

        if (monitor.Response is { } response && (response.Agent ?? monitor.Agent) is not null
            && change.Severity >= response.AtLeast)
        {
            var request = new ResponseRequest(monitor.Name, change.IncidentId, change.Opening, response.VerifyWithin);
            await StartAsync(
                ResponseLoop.Name, ResponseLoop.InstanceIdOf(change.IncidentId, change.Opening), request, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private async Task StartAsync(string orchestrator, string instanceId, object input, CancellationToken cancellationToken)
    {
        try
        {
            await orchestrations.ScheduleAsync(
                orchestrator, input, new StartOptions { InstanceId = instanceId }, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceExists)
        {
            // Started before a crash, by the same tick.
        }
    }

    private async Task TellAsync(string incidentId, int opening, IncidentNews news, CancellationToken cancellationToken)
    {
        foreach (string instance in new[] { IncidentLoop.InstanceIdOf(incidentId, opening),
            ResponseLoop.InstanceIdOf(incidentId, opening) })
        {
            try
            {
                await orchestrations.RaiseEventAsync(instance, MonitorEvents.Incident, news, cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (AgentException e) when (e.Code == ErrorCode.InstanceNotFound)
            {
                // Nobody is told of this incident, or nobody responds to it.
            }
        }
    }
}
