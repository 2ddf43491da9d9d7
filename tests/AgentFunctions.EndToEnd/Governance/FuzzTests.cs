using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Reflection;
using System.Text.Json;
using AgentFunctions.EndToEnd.Api;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.EndToEnd.Governance;

/// <summary>
/// Random requests over every route with every role: nothing breaks, nobody reads what is another's, no refusal changes anything.
/// </summary>
/// <remarks>The long form: <c>AGENTFUNCTIONS_REQUESTS=10000</c>.</remarks>
[CancelAfter(600_000)]
internal sealed class FuzzTests
{
    /// <summary>What only the administrator's own run, monitor and incident say.</summary>
    private const string Hidden = "xyzzy-that-only-the-administrator-may-read";

    private static readonly int Requests = int.Parse(Environment.GetEnvironmentVariable("AGENTFUNCTIONS_REQUESTS") ?? "4000",
        CultureInfo.InvariantCulture);

    private static readonly string[] Roles =
    [
        .. typeof(CallerRoles).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(static field => (string)field.GetRawConstantValue()!), "nobody",
    ];

    /// <summary>What needs no credentials.</summary>
    private static readonly string[] Open = ["/health", "/.well-known", "/dashboard", "/session"];

    /// <summary>Roles that may change what is not their own.</summary>
    private static readonly string[] Mighty = [CallerRoles.Operator, CallerRoles.Approver, CallerRoles.Admin];

    [Test]
    public async Task Fuzz_RandomRequests_NoServerErrorNoForeignReadNoRefusedChange(CancellationToken cancellationToken)
    {
        int seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(static request =>
            request.Body.GetRawText().Contains("Pay.", StringComparison.Ordinal) && request.Turn == 0
                ? ChatReply.Call("pay", new { to = Hidden })
                : ChatReply.Say("done"));
        await using ApiHost host = await StartAsync(model);
        var keys = host.Services.GetRequiredService<ApiKeys>();
        using HttpClient root = With(host, await keys.AddAsync("root", [CallerRoles.Admin], Caller.Local, cancellationToken));
        Dictionary<string, HttpClient> callers = [];
        foreach (string role in Roles)
        {
            callers[role] = With(host, await keys.AddAsync($"fuzz-{role}", [role], Caller.Local, cancellationToken));
        }

        callers["none"] = host.Http;
        string own = await SubmitAsync(callers[CallerRoles.Submitter], new { goal = "Go." }, cancellationToken);
        string[] names = [.. await SeedAsync(root, cancellationToken), own];
        string described = await TextAsync(root, "/openapi/v1.json", cancellationToken);
        JsonElement document = JsonElement.Parse(described);
        var requests = new RandomRequests(seed,
            host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>(), document, names);
        var outcomes = new ConcurrentDictionary<(string Route, int Status), int>();

        string before = await SnapshotAsync(root, names[0], cancellationToken);
        await FuzzAsync(requests, callers, [.. callers.Keys.Except(Mighty)], Requests * 4 / 5, outcomes, cancellationToken);
        Assert.That(await SnapshotAsync(root, names[0], cancellationToken), Is.EqualTo(before),
            "none of these callers may change any of it");
        Assert.That(
            await RunsOfOthersAsync(host, cancellationToken),
            Is.LessThanOrEqualTo(
                1 + Sum(outcomes, "POST /api/runs", 202) + Sum(outcomes, "POST /api/agents/{agent}/runs", 202)
                    + Sum(outcomes, "POST /api/runs/{id}/fork", 202) + Sum(outcomes, "POST /api/runs/{id}/rewind", 202)),
            "a refused submission makes no run");

        await FuzzAsync(requests, callers, Mighty, Requests - (Requests * 4 / 5), outcomes, cancellationToken);

        foreach (IGrouping<string,
            KeyValuePair<(string Route, int Status), int>> route in outcomes.GroupBy(static pair => pair.Key.Route)
                .OrderBy(static route => route.Key))
        {
            TestContext.Out.WriteLine($"{route.Key}: {string.Join(", ", route.OrderBy(static pair => pair.Key.Status).Select(static pair => $"{pair.Key.Status} x {pair.Value}"))}");
        }

        Assert.That(outcomes.Values.Sum(), Is.EqualTo(Requests));
        Assert.That(outcomes.Keys.Select(static key => key.Route).Distinct(),
            Is.EquivalentTo(requests.Routes.Select(static route => $"{route.Method} {route.Route}")), "every route");
        Assert.That(requests.Routes.Select(static route => route.Route), Is.SupersetOf(new[]
        {
            "/api/runs/{id}/fork", "/api/runs/{id}/tree", "/api/monitors/{name}", "/api/incidents/{id}/resolve",
            "/api/reviews/accept", "/api/approvals/{id}",
        }));
        Assert.That((await root.GetFromJsonAsync<JsonElement>("/api/audit/verify", cancellationToken)).GetProperty("holds")
            .GetBoolean(), Is.True);
        foreach (HttpClient http in callers.Values.Where(http => http != host.Http))
        {
            http.Dispose();
        }
    }

    private static async Task FuzzAsync(
        RandomRequests requests, Dictionary<string, HttpClient> callers, string[] roles, int count,
        ConcurrentDictionary<(string Route, int Status), int> outcomes, CancellationToken cancellationToken) =>
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken },
            async (_, token) =>
            {
                string role = roles[requests.Pick(roles.Length)];
                (HttpRequestMessage request, string route) = requests.Next();
                using (request)
                {
                    string sent = request.Content is null ? "" : await request.Content.ReadAsStringAsync(token);
                    using HttpResponseMessage response = await callers[role].SendAsync(request,
                        HttpCompletionOption.ResponseHeadersRead, token);
                    string body = await BodyAsync(response, token);
                    outcomes.AddOrUpdate((route, (int)response.StatusCode), 1, static (_, known) => known + 1);
                    Assert.That((int)response.StatusCode, Is.LessThan(500),
                        $"{role}: {request.Method} {request.RequestUri} {sent}: {body}");
                    if (role is CallerRoles.Submitter or "nobody" or "none")
                    {
                        Assert.That(body, Does.Not.Contain(Hidden), $"{role}: {request.Method} {request.RequestUri}");
                    }

                    Assert.That(
                        role == "none" && (int)response.StatusCode < 400
                            && !Open.Any(open => route.Contains(open, StringComparison.Ordinal)),
                        Is.False, $"without credentials: {request.Method} {request.RequestUri}");
                }
            });

    /// <summary>A stream of events goes on for as long as its run does: what there is of it is enough.</summary>
    private static async Task<string> BodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream")
        {
            return await response.Content.ReadAsStringAsync(cancellationToken);
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stop.CancelAfter(TimeSpan.FromMilliseconds(50));
        var text = new System.Text.StringBuilder();
        try
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(stop.Token));
            while (await reader.ReadLineAsync(stop.Token) is { } line)
            {
                text.AppendLine(line);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Seen enough.
        }

        return text.ToString();
    }

    /// <summary>
    /// A run that has ended, one that waits for a person, one whose change is unreviewed, a monitor: all the administrator's.
    /// </summary>
    private static async Task<string[]> SeedAsync(HttpClient root, CancellationToken cancellationToken)
    {
        string ended = await SubmitAsync(root, new { goal = Hidden }, cancellationToken);
        string waiting = await SubmitAsync(root, new { goal = $"Pay. {Hidden}" }, cancellationToken);
        using HttpResponseMessage monitor = await root.PutAsJsonAsync(
            "/api/monitors/watch",
            new { description = Hidden, schedule = new { at = "2099-01-01T00:00:00Z" }, agent = "lead", goal = Hidden },
            cancellationToken);
        Assert.That((int)monitor.StatusCode, Is.EqualTo(201), await monitor.Content.ReadAsStringAsync(cancellationToken));
        JsonElement approvals = await Poll.ForAsync(
            async () => (await root.GetFromJsonAsync<JsonElement>("/api/approvals", cancellationToken)).GetProperty("items"),
            static found => found.GetArrayLength() > 0, cancellationToken);
        await Poll.ForAsync(
            () => root.GetFromJsonAsync<JsonElement>($"/api/runs/{ended}", cancellationToken),
            static run => run.GetProperty("status").GetString() == "completed", cancellationToken);
        return [ended, waiting, approvals[0].GetProperty("id").GetString()!, "watch", "lead", "v1", "fuzz-victim"];
    }

    private static async Task<string> SubmitAsync(HttpClient http, object body, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await http.PostAsJsonAsync("/api/runs", body, cancellationToken);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
    }

    /// <summary>Everything that callers without might must leave as it is.</summary>
    private static async Task<string> SnapshotAsync(HttpClient root, string run, CancellationToken cancellationToken)
    {
        var parts = new List<string>();
        foreach (string path in new[]
        {
            "/api/keys", "/api/kill", "/api/approvals", "/api/reviews", "/api/monitors", "/api/incidents", $"/api/runs/{run}",
            $"/api/runs/{run}/transcript",
            $"/api/runs/{run}/events?follow=false",
        })
        {
            parts.Add($"{path}: {await TextAsync(root, path, cancellationToken)}");
        }

        return string.Join('\n', parts);
    }

    private static async Task<string> TextAsync(HttpClient http, string path, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await http.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
        string text = await response.Content.ReadAsStringAsync(cancellationToken);
        Assert.That((int)response.StatusCode, Is.EqualTo(200), $"{path}: {text}");
        return text;
    }

    private static async Task<int> RunsOfOthersAsync(ApiHost host, CancellationToken cancellationToken)
    {
        int count = 0;
        await foreach (Run run in host.Services.GetRequiredService<RunReader>()
            .ListAsync(new RunFilter { SubAgents = true }, cancellationToken))
        {
            // Its owner may have had it erased meanwhile.
            RunRecord? found = await host.Services.GetRequiredService<RunStore>().FindAsync(run.Id, cancellationToken);
            count += found is null or { Requester: "key:root" } ? 0 : 1;
        }

        return count;
    }

    private static int Sum(ConcurrentDictionary<(string Route, int Status), int> outcomes, string route, int status) =>
        outcomes.GetValueOrDefault((route, status));

    private static Task<ApiHost> StartAsync(OpenAIProtocolServer model) => ApiHost.StartAsync(model, build: builder =>
    {
        string policy = Path.Combine(builder.Environment.ContentRootPath, "policy.yaml");
        File.WriteAllText(policy, "rules: [{name: ask, when: {tool: pay}, then: ask, approval: {roles: [approver]}}]");
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Governance:PolicyPath"] = policy,
            // Each request is to be judged for what it asks.
            ["Api:RequestsPerSecond"] = "0",
            ["Gateway:Quotas:0:Name"] = "many",
            ["Gateway:Quotas:0:Caller"] = "*",
            ["Gateway:Quotas:0:Runs"] = "100",
            ["Reviews:Queues:0:Label"] = "team",
        });
        builder.Services.AddTool(AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, (string to) => to));
    });

    private static HttpClient With(ApiHost host, string key)
    {
        var http = new HttpClient { BaseAddress = host.Http.BaseAddress };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return http;
    }
}
