using System.Text.Json;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Core;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Records;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>What waits for a person.</summary>
internal static class ApprovalEndpoints
{
    private const int MaxSeen = 1_000;

    public static void MapApprovals(this IEndpointRouteBuilder api)
    {
        RouteGroupBuilder approvals = api.MapGroup("/approvals").WithTags("Approvals");
        approvals.MapGet("", ListAsync)
            .WithName("listApprovals")
            .WithSummary("List what waits for a person: the riskiest first, similar ones together.")
            .Produces<ApprovalListResource>()
            .ProducesProblems(401, 403, 503);
        approvals.MapGet("/{id}", GetAsync)
            .WithName("getApproval")
            .WithSummary("Get an approval.")
            .WithDescription("Secrets in the arguments are masked, and each masked part is named. Who may decide may see them; the audit log says who did.")
            .WithQuery<bool>("reveal", "Whether to show the masked parts; false by default.")
            .Produces<ApprovalResource>()
            .ProducesProblems(401, 403, 404, 409, 503);
        approvals.MapPost("/{id}", DecideAsync)
            .WithName("decideApproval")
            .WithSummary("Approve or deny a tool call; with arguments: approve it with those.")
            .WithDescription("With similar set, the same decision is made for those of the group that this caller may decide and could see: those that seen names, "
                + "else those that were asked no later than this one.")
            .WithHeader("Idempotency-Key", "1 to 200 characters that name this decision: repeated under the same key, it is made once.")
            .Accepts<DecisionSubmission>("application/json")
            .Produces<ApprovalListResource>()
            .ProducesProblems(400, 401, 403, 404, 409, 415, 503);
    }

    private static async Task<IResult> ListAsync(HttpContext http, ApprovalService desk, CancellationToken cancellationToken) =>
        Answers.Json(ListOf(await desk.ListAsync(http.Caller(), cancellationToken)));

    private static async Task<IResult> GetAsync(string id, HttpContext http, ApprovalService desk, CancellationToken cancellationToken) =>
        http.Request.Query.Flag("reveal", false)
            ? new Revealed(Answers.Json(ApprovalResource.Of(await desk.RevealAsync(id, http.Caller(), cancellationToken))))
            : Answers.Json(ApprovalResource.Of(await desk.GetAsync(id, http.Caller(), cancellationToken)));

    private static async Task<IResult> DecideAsync(
        string id, HttpContext http, ApprovalService desk, RequestKeys keys, CancellationToken cancellationToken)
    {
        DecisionSubmission said = await http.Request.ReadJsonAsync<DecisionSubmission>(cancellationToken);
        if (said.Similar && said.Arguments is not null)
        {
            throw new AgentException(ErrorCode.InvalidInput, "similar: other arguments are for one call alone; leave one of the two out.");
        }

        if (said.Seen is { } seen && (!said.Similar || seen.Count > MaxSeen))
        {
            throw new AgentException(ErrorCode.InvalidInput, $"seen: send at most {MaxSeen} ids, and only with similar.");
        }

        Caller caller = http.Caller();
        var request = KeyedRequest.Of(
            caller.Id, http.Request.Headers.Single("Idempotency-Key"), "decision", id, said.Decision.ToString(), said.Comment, said.Arguments?.GetRawText(),
            said.Similar ? said.Seen is null ? "similar" : $"similar {string.Join(' ', said.Seen)}" : null);
        IReadOnlyList<Approval> decided = await keys.OnceAsync(
            request, id,
            claim => DecideAllAsync(id, said, caller, claim.IsResumed, desk, cancellationToken),
            async () => [await desk.GetAsync(id, caller, cancellationToken)],
            cancellationToken);
        return Answers.Json(ListOf(decided));
    }

    private static async Task<IReadOnlyList<Approval>> DecideAllAsync(
        string id, DecisionSubmission said, Caller caller, bool isResumed, ApprovalService desk, CancellationToken cancellationToken)
    {
        bool approves = said.Decision == Decision.Approve;
        Approval? before = isResumed && said.Arguments is not null ? await desk.GetAsync(id, caller, cancellationToken) : null;
        bool isMade = before?.Edited is { } edited && JsonElement.DeepEquals(edited, said.Arguments!.Value)
            && before.Votes.Any(vote => vote.By == caller.Id && vote.Approves == approves);
        Approval first = await desk.DecideAsync(id, caller, approves, said.Comment, isMade ? null : said.Arguments, cancellationToken);
        List<Approval> decided = [first];
        foreach (Approval other in said.Similar ? await desk.ListSimilarAsync(first, said.Seen, caller, cancellationToken) : [])
        {
            try
            {
                decided.Add(await desk.DecideAsync(other.Id, caller, approves, said.Comment, null, cancellationToken));
            }
            catch (AgentException e) when (e.Code is ErrorCode.NotAllowed or ErrorCode.ApprovalStateForbids)
            {
                // It is not for this caller to decide, or others have: the answer has only what was decided.
            }
        }

        return decided;
    }

    /// <summary>The truth, for somebody who may decide about it; not to be kept on the way.</summary>
    private sealed class Revealed(IResult answer) : IResult, IUnmasked
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.CacheControl = "no-store";
            return answer.ExecuteAsync(httpContext);
        }
    }

    private static ApprovalListResource ListOf(IEnumerable<Approval> approvals) => new([.. approvals.Select(ApprovalResource.Of)]);
}

/// <summary>What a person says about an approval.</summary>
internal enum Decision
{
    /// <summary>The call may be made.</summary>
    Approve,

    /// <summary>It must not be made.</summary>
    Deny,
}

/// <summary>A decision about an approval.</summary>
internal sealed record DecisionSubmission
{
    /// <summary>Whether the call may be made.</summary>
    public required Decision Decision { get; init; }

    /// <summary>Why; the model reads it. At most 4,000 characters.</summary>
    public string? Comment { get; init; }

    /// <summary>Arguments to call with instead of the model's.</summary>
    public JsonElement? Arguments { get; init; }

    /// <summary>Whether to decide similar ones alike: those in seen, else those that were asked no later than this one. False by default.</summary>
    public bool Similar { get; init; }

    /// <summary>With similar: the ids of the approvals that the person was shown, at most 1,000. No other one is decided.</summary>
    public IReadOnlyList<string>? Seen { get; init; }
}

/// <summary>Approvals, the riskiest first.</summary>
/// <param name="Items">The approvals.</param>
internal sealed record ApprovalListResource(IReadOnlyList<ApprovalResource> Items);

/// <summary>A tool call that waits, or waited, for a person.</summary>
internal sealed record ApprovalResource
{
    /// <summary>The id.</summary>
    public required string Id { get; init; }

    /// <summary>The run that waits.</summary>
    public required string Run { get; init; }

    /// <summary>What is asked: may the call be made, or shall one that was cut off be made again?</summary>
    public required ApprovalQuestion Question { get; init; }

    /// <summary>Where it stands.</summary>
    public required ApprovalState State { get; init; }

    /// <summary>The tool.</summary>
    public required string Tool { get; init; }

    /// <summary>What the tool does to the world.</summary>
    public required ToolEffect Effect { get; init; }

    /// <summary>How much harm the call could do.</summary>
    public required RiskLevel Risk { get; init; }

    /// <summary>The arguments that the call would be made with, secrets masked.</summary>
    public required JsonElement Arguments { get; init; }

    /// <summary>The arguments that the model gave, if a person put others in their place.</summary>
    public JsonElement? OriginalArguments { get; init; }

    /// <summary>What is masked in the arguments: where, how long and why. Who may decide can see it with <c>reveal=true</c>.</summary>
    public IReadOnlyList<MaskedPart> Masked { get; init; } = [];

    /// <summary>Whether its record was altered outside the host: the call is refused, whatever is decided.</summary>
    public bool Altered { get; init; }

    /// <summary>The SHA-256 of the call: what is approved, and nothing else.</summary>
    public required string CallHash { get; init; }

    /// <summary>The same for similar calls.</summary>
    public required string Group { get; init; }

    /// <summary>Who asked for the run.</summary>
    public required string Requester { get; init; }

    /// <summary>The agents that delegated, from the root to the one that acts.</summary>
    public required IReadOnlyList<string> Chain { get; init; }

    /// <summary>The goal of the run.</summary>
    public required string Goal { get; init; }

    /// <summary>The rule that asks.</summary>
    public required string Rule { get; init; }

    /// <summary>Why it asks.</summary>
    public string? Reason { get; init; }

    /// <summary>Why the call can no longer be made, whatever is decided; left out if it can.</summary>
    public string? Obstacle { get; init; }

    /// <summary>The roles that may decide now.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>How many different people must approve.</summary>
    public required int Needed { get; init; }

    /// <summary>How many have.</summary>
    public required int Approved { get; init; }

    /// <summary>When it was asked.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When it expires.</summary>
    public required DateTime ExpiresAt { get; init; }

    public static ApprovalResource Of(Approval approval) => new()
    {
        Id = approval.Id,
        Run = approval.RunId,
        Question = approval.Question,
        State = approval.State,
        Tool = approval.Tool,
        Effect = approval.Effect,
        Risk = approval.Risk,
        Arguments = approval.Edited ?? approval.Arguments,
        OriginalArguments = approval.Edited is null ? null : approval.Arguments,
        Masked = approval.Masked,
        Altered = approval.IsAltered,
        CallHash = approval.CallHash,
        Group = approval.Group,
        Requester = approval.Requester,
        Chain = approval.Chain,
        Goal = approval.Goal,
        Rule = approval.Rule,
        Reason = approval.Reason,
        Obstacle = approval.Obstacle,
        Roles = approval.Roles,
        Needed = approval.Terms.Count,
        Approved = approval.Votes.Count(vote => vote.Approves),
        CreatedAt = approval.CreatedAt.UtcDateTime,
        ExpiresAt = approval.ExpiresAt.UtcDateTime,
    };
}
