using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Gateway.Erasure;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>Erase runs.</summary>
internal static class ErasureEndpoints
{
    private const int MaxReason = 1_000;

    public static void MapErasure(this IEndpointRouteBuilder runs) => runs.MapDelete("/{id}", EraseAsync)
        .WithName("eraseRun")
        .WithSummary("Erase a run with its sub-agents and all that is stored about them.")
        .WithDescription(
            "Goals, messages, arguments, results, files, histories and the run's own folder go; that they were there, who asked, what was called and "
            + "who decided stays in the audit log, without words. It goes on by itself once it is accepted, and every address of the run answers 410 then. "
            + "Refused while the run is alive (409), while a legal hold keeps it (423), and if nobody knows whether some of its calls took effect (409 names them).")
        .WithMetadata(new RunActMetadata(RunAct.Erase))
        .WithQuery("reason", "Why, in 1 to 1,000 characters; it stays in the audit log. A dry run needs none.")
        .WithQuery<bool>("dryRun", "`true` says what would be erased, and touches nothing.")
        .WithQuery<bool>("cancel", "`true` ends a live run first.")
        .WithQuery<bool>("force",
            "`true` erases although nobody knows whether some calls took effect; nobody can tell afterwards.")
        .WithQuery<bool>("notes", "`true` also removes the notes that its runs wrote for later runs of their agents.")
        .Produces<ErasurePlan>(StatusCodes.Status200OK)
        .Produces<Erasure>(StatusCodes.Status202Accepted)
        .ProducesProblems(400, 401, 403, 404, 409, 410, 423, 503);

    public static void MapErasures(this IEndpointRouteBuilder api) => api.MapGet("/erasures/{id}", GetAsync)
        .WithTags("Runs")
        .WithName("getErasure")
        .WithSummary("How far the erasure of a run has come.")
        .Produces<Erasure>()
        .ProducesProblems(401, 404, 503);

    private static async Task<IResult> EraseAsync(string id, HttpContext http, RunErasure erasure,
        CancellationToken cancellationToken)
    {
        IQueryCollection query = http.Request.Query;
        var request = new EraseRequest(id, ReasonOf(query))
        {
            Cancel = query.Flag("cancel", false),
            Force = query.Flag("force", false),
            Notes = query.Flag("notes", false),
        };
        if (query.Flag("dryRun", false))
        {
            return Answers.Json(await erasure.PlanAsync(request, http.Caller(), cancellationToken));
        }

        Erasure begun = await erasure.EraseAsync(request, http.Caller(), cancellationToken);
        http.Response.Headers.Location = $"{http.Root()}/api/erasures/{id}";
        return Answers.Json(begun, StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext http, RunErasure erasure,
        CancellationToken cancellationToken) =>
        Answers.Json(await erasure.GetAsync(id, http.Caller(), cancellationToken));

    private static string ReasonOf(IQueryCollection query) => query["reason"] switch
    {
        { Count: 0 } => "",
        [{ Length: <= MaxReason } reason] => reason,
        _ => throw new AgentException(ErrorCode.InvalidInput, $"reason: use one value of 1 to {MaxReason} characters."),
    };
}
