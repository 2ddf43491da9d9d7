using AgentFunctions.Budgets;
using AgentFunctions.Durability;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Orchestration;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.Monitors.Responses;

/// <summary>Writes into the timelines of incidents how responses went.</summary>
internal sealed class ResponseRecords(IncidentStore incidents, RunReader runs, TimeProvider time)
{
    /// <summary>Writes down how a response went.</summary>
    public async Task<bool> RecordAsync(ActivityContext context, RecordResponseInput input)
    {
        if (input.Verified is { } verified)
        {
            await WriteAsync(
                input.Request, IncidentEntryKind.Verified, $"monitor:{input.Request.Monitor}",
                verified ? "the signals recovered" : $"the signals have not recovered within {input.Request.VerifyWithin}",
                after => after, context.CancellationToken).ConfigureAwait(false);
            return verified;
        }

        Run run = await runs.GetAsync(input.RunId, context.CancellationToken).ConfigureAwait(false);
        string text = Signals.Evidence.Of($"{input.Status}: {run.Result?.Text ?? run.Error?.Message ?? "no result"}");
        await WriteAsync(
            input.Request, IncidentEntryKind.ResponseEnded, $"run:{input.RunId}", text,
            after => input.Status == RunStatus.Completed && after.State is IncidentState.Open or IncidentState.Acknowledged
                ? after with { State = IncidentState.Mitigated }
                : after,
            context.CancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Writes an entry, once.</summary>
    /// <param name="request">The response.</param>
    /// <param name="kind">What the entry reports.</param>
    /// <param name="by">Who or what caused it.</param>
    /// <param name="text">The entry.</param>
    /// <param name="change">What changes with it.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<Incident> WriteAsync(
        ResponseRequest request, IncidentEntryKind kind, string by, string text, Func<Incident, Incident> change,
        CancellationToken cancellationToken)
    {
        var entry = new IncidentEntry($"{request.Key()}/{kind}", time.GetUtcNow(), kind, by, text);
        return incidents.UpdateAsync(
            request.IncidentId, incident => incident.Has(entry.Id) ? incident : change(incident).With(entry), cancellationToken);
    }
}
