using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Governance.Reviews;
using AgentFunctions.Monitors.Incidents;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>What waits for people on this host.</summary>
/// <param name="Approvals">The calls that wait for a decision.</param>
/// <param name="Questions">The questions that wait for an answer.</param>
/// <param name="Reviews">The queues of changes that wait for a review.</param>
/// <param name="Incidents">How many incidents are open.</param>
internal sealed record OpenWork(
    IReadOnlyList<Approval> Approvals, IReadOnlyList<Question> Questions, IReadOnlyList<ReviewQueue> Reviews, int Incidents)
{
    private const int MaxIncidents = 200;

    /// <summary>Reads it.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="caller">Only what this caller may see; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public static async Task<OpenWork> ReadAsync(
        IServiceProvider services, Caller? caller, CancellationToken cancellationToken) => new(
        await services.GetRequiredService<ApprovalService>().ListAsync(caller, cancellationToken),
        await services.GetRequiredService<QuestionService>().ListPendingAsync(caller, cancellationToken),
        await services.GetRequiredService<ReviewService>().ListAsync(caller, cancellationToken),
        (caller is null || SeesIncidents(caller)) && services.GetService<IncidentService>() is { } incidents
            ? (await incidents.ListAsync(null, IncidentState.Open, MaxIncidents, cancellationToken)).Count
            : 0);

    /// <summary>Determines whether a caller is told of incidents.</summary>
    /// <param name="caller">The caller.</param>
    public static bool SeesIncidents(Caller caller) =>
        caller.Has(CallerRoles.Viewer) || caller.Has(CallerRoles.Operator) || caller.Has(CallerRoles.Admin);
}
