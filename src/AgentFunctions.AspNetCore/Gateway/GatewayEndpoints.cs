using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Previews;
using AgentFunctions.Runs;
using AgentFunctions.Views.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Gateway;

/// <summary>What the rules would decide, and how busy the host is.</summary>
internal static class GatewayEndpoints
{
    public static void MapGateway(this IEndpointRouteBuilder api)
    {
        api.MapGet("/policy", Policy)
            .WithTags("Policy")
            .WithName("getPolicy")
            .WithSummary("Get the policy that holds: its hash, the names of its rules and what holds where none matches.")
            .Produces<PolicyResource>()
            .ProducesProblems(401, 403);
        api.MapPost("/policy/test", TestAsync)
            .WithTags("Policy")
            .WithName("testPolicy")
            .WithSummary("Ask what the policy would decide about a call. Nothing is called or written down.")
            .WithDescription("The call is judged with no history and a whole budget, so rules about these may say otherwise of a real one.")
            .Accepts<PolicyTestSubmission>("application/json")
            .Produces<VerdictResource>()
            .ProducesProblems(400, 401, 403, 404, 409, 415, 503);
        api.MapGet("/queue", QueueAsync)
            .WithTags("Usage")
            .WithName("getQueue")
            .WithSummary("Get how many runs have a place, and which wait for one.")
            .Produces<QueueResource>()
            .ProducesProblems(401, 403, 503);
        api.MapGet("/quotas", QuotasAsync)
            .WithTags("Usage")
            .WithName("listQuotas")
            .WithSummary("List the quotas that hold for this caller's runs, with what was used of them.")
            .WithQuery("label", "A label that the runs would have, as name=value: quotas of that label are listed too.")
            .Produces<QuotaListResource>()
            .ProducesProblems(400, 401, 403, 503);
    }

    public static void MapPreview(this IEndpointRouteBuilder runs) => runs.MapPost("/preview", PreviewAsync)
        .WithName("previewRun")
        .WithSummary(
            "Preview a submission: who would run it, whether it would be admitted, what people would be asked, what such runs took.")
        .WithDescription("Nothing is submitted or written down.")
        .Accepts<RunSubmission>("application/json")
        .Produces<PreviewResource>()
        .ProducesProblems(400, 401, 403, 404, 409, 415, 503);

    private static IResult Policy(HttpContext http, PolicyTests policies)
    {
        EnsureMayKnow(http);
        return Answers.Json(PolicyResource.Of(policies.Current));
    }

    private static async Task<IResult> TestAsync(HttpContext http, PolicyTests policies, CancellationToken cancellationToken)
    {
        EnsureMayKnow(http);
        PolicyTestSubmission said = await http.Request.ReadJsonAsync<PolicyTestSubmission>(cancellationToken);
        return Answers.Json(VerdictResource.Of(await policies.TestAsync(said.ToRequest(http.Caller()), cancellationToken)));
    }

    private static async Task<IResult> QueueAsync(HttpContext http, GatewayLoad load, CancellationToken cancellationToken)
    {
        http.Ensure(CallerRoles.Viewer, CallerRoles.Operator, CallerRoles.Auditor);
        return Answers.Json(QueueResource.Of(await load.QueueAsync(cancellationToken)));
    }

    private static async Task<IResult> QuotasAsync(HttpContext http, GatewayLoad load, CancellationToken cancellationToken)
    {
        var labels = new Dictionary<string, string>();
        if (http.Request.Query.Text("label") is { } label)
        {
            int at = label.IndexOf('=', StringComparison.Ordinal);
            labels[at > 0 ? label[..at] : throw QueryValues.Invalid("label", "use name=value")] = label[(at + 1)..];
        }

        return Answers.Json(new QuotaListResource(
            [.. (await load.QuotasAsync(http.Caller().Id, labels, cancellationToken)).Select(QuotaResource.Of)]));
    }

    private static async Task<IResult> PreviewAsync(
        HttpContext http, RunPreviews previews, AgentPast past, CancellationToken cancellationToken)
    {
        RunSubmission submission = await http.Request.ReadJsonAsync<RunSubmission>(cancellationToken);
        Caller caller = http.Caller();
        RunPreview preview = await previews.PreviewAsync(submission.ToRequest(), caller, cancellationToken);
        return Answers.Json(PreviewResource.Of(
            preview, await past.GetAsync(preview.Agent, RunAccessFilter.SeesAll(caller) ? null : caller.Id, cancellationToken)));
    }

    /// <summary>Ensures that the caller may know the rules: they tell how to get round them.</summary>
    private static void EnsureMayKnow(HttpContext http) =>
        http.Ensure(CallerRoles.Viewer, CallerRoles.Operator, CallerRoles.Approver, CallerRoles.Auditor);
}
