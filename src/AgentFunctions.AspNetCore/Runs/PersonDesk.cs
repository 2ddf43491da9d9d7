using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Governance.Reviews;
using AgentFunctions.Monitors.Incidents;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>What waits for one caller: what it may decide and answer, and what else is open for it.</summary>
internal sealed class PersonDesk
{
    private const int MaxIncidents = 200;

    /// <summary>The ids of the approvals that the caller may decide and the questions that it may answer.</summary>
    public required IReadOnlySet<string> Mine { get; init; }

    /// <summary>The tools of the calls that the approvals which this caller sees are about, by the id of the approval.</summary>
    public required IReadOnlyDictionary<string, string> Tools { get; init; }

    public required InboxResource Inbox { get; init; }

    public static async Task<PersonDesk> OfAsync(HttpContext http, CancellationToken cancellationToken)
    {
        Caller caller = http.Caller();
        IServiceProvider services = http.RequestServices;
        IReadOnlyList<Approval> seen = await services.GetRequiredService<ApprovalService>().ListAsync(caller, cancellationToken);
        Approval[] approvals = [.. seen.Where(approval => approval.WhyNot(caller) is null)];
        Question[] questions =
            [.. (await services.GetRequiredService<QuestionService>().ListPendingAsync(caller, cancellationToken))
            .Where(question => question.MayBeAnsweredBy(caller))];
        IReadOnlyList<ReviewQueue> reviews = await services.GetRequiredService<ReviewService>()
            .ListAsync(caller, cancellationToken);
        bool seesIncidents = caller.Has(CallerRoles.Viewer) || caller.Has(CallerRoles.Operator) || caller.Has(CallerRoles.Admin);
        int incidents = seesIncidents && services.GetService<IncidentService>() is { } service
            ? (await service.ListAsync(null, IncidentState.Open, MaxIncidents, cancellationToken)).Count
            : 0;
        DateTimeOffset[] asked = [.. approvals.Select(static one => one.CreatedAt),
            .. questions.Select(static one => one.CreatedAt)];
        return new PersonDesk
        {
            Mine = new HashSet<string>([.. approvals.Select(static one => one.Id), .. questions.Select(static one => one.Id)],
                StringComparer.Ordinal),
            Tools = seen.ToDictionary(static one => one.Id, static one => one.Tool, StringComparer.Ordinal),
            Inbox = new InboxResource(
                approvals.Length, questions.Length, reviews.Sum(static queue => queue.Changes.Count), incidents,
                asked.Length == 0 ? null : asked.Min().UtcDateTime,
                approvals.Length == 0 ? null : approvals.Max(static one => one.Risk)),
        };
    }
}
