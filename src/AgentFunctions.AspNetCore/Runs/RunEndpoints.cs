using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>Submit, list and get runs.</summary>
internal static class RunEndpoints
{
    private const int MaxPage = 200;

    public static void MapRuns(this IEndpointRouteBuilder runs)
    {
        runs.MapPost("", SubmitAsync)
            .WithName("submitRun")
            .WithSummary("Submit a goal to an agent.")
            .WithDescription("Recorded durably when it is answered. With an Idempotency-Key it is safe to repeat: the same key and body return the same run.")
            .WithHeader("Idempotency-Key", "1 to 200 characters that name this submission.")
            .WithHeader(
                WaitPreference.Header,
                "`wait=20` waits so many seconds for the end of the run, at most 60: 200 with the result if it came, otherwise 202.")
            .Accepts<RunSubmission>("application/json")
            .Produces<RunResource>(StatusCodes.Status200OK)
            .Produces<RunResource>(StatusCodes.Status202Accepted)
            .ProducesProblems(400, 401, 403, 404, 409, 415, 429, 503);
        runs.MapGet("", ListAsync)
            .WithName("listRuns")
            .WithSummary("List runs, newest first.")
            .WithQuery<RunStatus>("status", "Only runs of this status.")
            .WithQuery("agent", "Only runs of this agent.")
            .WithQuery("label", "Only runs with this label: a name, or name=value.")
            .WithQuery("limit", "The most runs of the page; 50 by default.", 1, MaxPage)
            .WithQuery("after", "Go on after this page: its `next`.")
            .Produces<RunListResource>()
            .ProducesProblems(400, 401, 403, 503);
        runs.MapGet("/{id}", GetAsync)
            .WithName("getRun")
            .WithSummary("Get a run.")
            .Produces<RunResource>()
            .ProducesProblems(401, 403, 404, 410, 503);
    }

    /// <summary>Maps the address of one agent's runs, for callers and gateways that tell agents apart by address.</summary>
    public static void MapRunsOfAgent(this IEndpointRouteBuilder agents) =>
        agents.MapPost("/{agent}/runs", SubmitToAsync)
            .WithName("submitRunToAgent")
            .WithSummary("Submit a goal to this agent.")
            .WithDescription("As POST /api/runs; the address names the agent.")
            .WithHeader("Idempotency-Key", "1 to 200 characters that name this submission.")
            .WithHeader(WaitPreference.Header, "`wait=20` waits so many seconds for the end of the run, at most 60.")
            .Accepts<RunSubmission>("application/json")
            .Produces<RunResource>(StatusCodes.Status200OK)
            .Produces<RunResource>(StatusCodes.Status202Accepted)
            .ProducesProblems(400, 401, 403, 404, 409, 415, 429, 503);

    private static Task<IResult> SubmitAsync(
        HttpContext http, AgentGateway gateway, RunReader reader, RunResources resources, TimeProvider time,
        CancellationToken cancellationToken) =>
        SubmitToAsync(null, http, gateway, reader, resources, time, cancellationToken);

    private static async Task<IResult> SubmitToAsync(
        string? agent,
        HttpContext http,
        AgentGateway gateway,
        RunReader reader,
        RunResources resources,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        string? key = http.Request.Headers.Single("Idempotency-Key");
        TimeSpan? wait = WaitPreference.Read(http.Request.Headers);
        RunSubmission submission = await http.Request.ReadJsonAsync<RunSubmission>(cancellationToken);
        if (agent is not null && submission.Agent is { } other && other != agent)
        {
            throw new AgentException(ErrorCode.InvalidInput,
                $"agent: the address names '{agent}'. Leave the field out, or post to /api/runs.");
        }

        RunRequest request = submission.ToRequest();
        Run run = await gateway.SubmitAsync(agent is null ? request : request with { Agent = agent }, http.Caller(), key,
            cancellationToken);
        if (wait is { } longest)
        {
            run = await WaitPreference.WaitAsync(reader, run, longest, time, cancellationToken);
            http.Response.Headers[WaitPreference.AppliedHeader] = WaitPreference.Applied(longest);
        }

        RunResource resource = resources.Of(run, http.Root());
        http.Response.Headers.Location = resource.Links.Self;
        if (wait is not null && run.IsEnded)
        {
            return Answers.Json(resource);
        }

        http.Response.Headers.RetryAfter = "1";
        return Answers.Json(resource, StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, RunReader reader, RunResources resources, CancellationToken cancellationToken)
    {
        HttpRequest request = http.Request;
        var filter = new RunFilter
        {
            Status = request.Query.Member<RunStatus>("status"),
            Agent = request.Query.Text("agent"),
            Label = request.Query.Text("label"),
            After = After(request),
            Requester = RunAccessFilter.SeesAll(http.Caller()) ? null : http.Caller().Id,
        };
        int limit = request.Query.Number("limit", 50, 1, MaxPage);
        string root = http.Root();
        Page<Run> page = await reader.ListPageAsync(filter, limit, cancellationToken);
        return Answers.Json(new RunListResource([.. page.Items.Select(run => resources.Of(run, root))], page.ContinuationToken));
    }

    /// <summary>The last run of the page before; what no run is called is a slip, not the end of the list.</summary>
    private static string? After(HttpRequest request)
    {
        string? after = request.Query.Text("after");
        return after is null || RunReader.IsRunId(after)
            ? after
            : throw new AgentException(ErrorCode.InvalidInput,
                "after: this is not the id of a run; use the 'next' of the page before.");
    }

    private static async Task<IResult> GetAsync(
        string id, HttpContext http, RunReader reader, RunStandings standings, RunResources resources,
        CancellationToken cancellationToken)
    {
        Run run = await reader.GetAsync(id, cancellationToken);
        RunForecast? forecast = await http.RequestServices.GetRequiredService<RunForecasts>().FindAsync(run, cancellationToken);
        RunStanding standing = await standings.GetAsync(id, cancellationToken);
        IReadOnlyList<ModelBinding> models = http.RequestServices.GetRequiredService<IModelCatalog>().Models;
        RunResource resource = resources.Of(run, http.Root());
        return Answers.Json(resource with
        {
            Fallback = models.FirstOrDefault(model => model.Name == run.Model)?.Fallback?.Models,
            PolicyHash = standing.PolicyHash,
            Holds = standing.Holds,
            Rev = standing.Revision,
            Budget = forecast is null || resource.Budget is null
                ? resource.Budget
                : resource.Budget with { Forecast = ForecastResource.Of(forecast) },
        });
    }
}
