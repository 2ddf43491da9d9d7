using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Governance.Reviews;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>What waits for one caller: what it may decide and answer, and what else is open for it.</summary>
internal sealed class PersonDesk
{
    /// <summary>The ids of the approvals that the caller may decide and the questions that it may answer.</summary>
    public required IReadOnlySet<string> Mine { get; init; }

    /// <summary>The tools of the calls that approvals are about, by their ids; for rows that the caller sees.</summary>
    public required IReadOnlyDictionary<string, string> Tools { get; init; }

    public required InboxResource Inbox { get; init; }

    /// <summary>Reads what waits for the caller of a request.</summary>
    public static async Task<PersonDesk> OfAsync(HttpContext http, CancellationToken cancellationToken) =>
        Of(http, await OpenWork.ReadAsync(http.RequestServices, http.Caller(), cancellationToken));

    /// <summary>Finds what waits for the caller of a request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="open">All that waits for people, or what the caller may see of it.</param>
    public static PersonDesk Of(HttpContext http, OpenWork open)
    {
        Caller caller = http.Caller();
        Approval[] approvals = [.. open.Approvals.Where(approval => approval.WhyNot(caller) is null)];
        Question[] questions = [.. open.Questions.Where(question => question.MayBeAnsweredBy(caller))];
        IReadOnlyList<ReviewQueue> reviews =
            http.RequestServices.GetRequiredService<ReviewService>().SeenBy(caller, open.Reviews);
        DateTimeOffset[] asked = [.. approvals.Select(static one => one.CreatedAt),
            .. questions.Select(static one => one.CreatedAt)];
        return new PersonDesk
        {
            Mine = new HashSet<string>([.. approvals.Select(static one => one.Id), .. questions.Select(static one => one.Id)],
                StringComparer.Ordinal),
            Tools = open.Approvals.ToDictionary(static one => one.Id, static one => one.Tool, StringComparer.Ordinal),
            Inbox = new InboxResource(
                approvals.Length, questions.Length, reviews.Sum(static queue => queue.Changes.Count),
                OpenWork.SeesIncidents(caller) ? open.Incidents : 0,
                asked.Length == 0 ? null : asked.Min().UtcDateTime,
                approvals.Length == 0 ? null : approvals.Max(static one => one.Risk)),
        };
    }
}
