using System.Net.Http.Headers;
using System.Text;
using AgentFunctions.AspNetCore.Dashboard;
using AgentFunctions.EndToEnd.Api;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Erasure;
using AgentFunctions.Gateway.Holds;
using AgentFunctions.Gateway.Jobs;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.EndToEnd.Governance;

/// <summary>
/// Every route, for every role, for the caller's own runs and for those of others, as the table of docs/security.md says. A route
/// that is not in the table fails, and so does a row without a route.
/// </summary>
[CancelAfter(600_000)]
internal sealed class AuthorisationMatrixTests
{
    private const string Elsewhere = "key:elsewhere";

    private static readonly MatrixTable Table = MatrixTable.Read();

    private readonly List<HttpClient> _clients = [];
    private readonly Dictionary<(string Owner, string Goal), string> _ended = [];
    private OpenAIProtocolServer _model = null!;
    private ApiHost _host = null!;
    private Dictionary<string, HttpClient> _callers = null!;
    private int _number;

    private static IEnumerable<string> Requests => Table.Rows.Select(static row => row.Request);

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _model = await OpenAIProtocolServer.StartAsync(static request => request.Turn > 0 ? ChatReply.Say("done")
            : request.Body.GetRawText().Contains("Pay.", StringComparison.Ordinal) ? ChatReply.Call("pay", new { to = "x" })
            : request.Body.GetRawText().Contains("Change.", StringComparison.Ordinal) ? ChatReply.Call("change", new { to = "x" })
            : ChatReply.Say("done"));
        _host = await ApiHost.StartAsync(_model, build: Build);
        var keys = _host.Services.GetRequiredService<ApiKeys>();
        await keys.AddAsync("root", [CallerRoles.Admin], Caller.Local);
        _callers = [];
        foreach (string column in Table.Columns)
        {
            var http = new HttpClient { BaseAddress = _host.Http.BaseAddress };
            _clients.Add(http);
            _callers[column] = http;
            if (column != "no key")
            {
                string role = column == "a role of yours" ? "lead" : column;
                http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer",
                    await keys.AddAsync(NameOf(column), [role], Caller.Local));
            }
        }
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _clients.ForEach(static client => client.Dispose());
        await _host.DisposeAsync();
        await _model.DisposeAsync();
    }

    [Test]
    public void Table_OfTheDocs_HasEveryRouteAndNoOther()
    {
        IEnumerable<string> mapped = _host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(static endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods
                .Where(static method => method != HttpMethods.Head)
                .Select(method => $"{method} {endpoint.RoutePattern.RawText!.TrimEnd('/')}"));

        Assert.That(Requests.Select(static request => request.Split('?')[0]).Distinct(), Is.EquivalentTo(mapped.Distinct()));
        Assert.That(Table.Columns, Is.EqualTo(new[]
        {
            "no key", "a role of yours", CallerRoles.Submitter, CallerRoles.Viewer, CallerRoles.Operator, CallerRoles.Approver,
            CallerRoles.Auditor, CallerRoles.Admin,
        }));
    }

    [TestCaseSource(nameof(Requests))]
    public async Task Request_OfEachCaller_IsAnsweredAsTheTableSays(string request)
    {
        MatrixRow row = Table.Rows.Single(row => row.Request == request);
        var wrong = new List<string>();
        foreach ((string column, MatrixCell cell) in row.Cells)
        {
            foreach ((string whose, int expected) in new[] { ("own", cell.Own), ("another's", cell.Others) }.Take(row.HasOwner
                ? 2
                : 1))
            {
                (int status, string body) = await SendAsync(row, column, whose == "own" ? $"key:{NameOf(column)}" : Elsewhere);
                if (status != expected)
                {
                    wrong.Add($"{column}, {(row.HasOwner ? whose : "")}: {status} instead of {expected}: {body}");
                }
            }
        }

        Assert.That(wrong, Is.Empty);
    }

    private async Task<(int Status, string Body)> SendAsync(MatrixRow row, string column, string owner)
    {
        (string path, string? body) = await AddressAsync(row.Request, owner);
        using var request = new HttpRequestMessage(new HttpMethod(row.Request.Split(' ')[0]), path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _callers[column].SendAsync(request,
            TestContext.CurrentContext.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.CurrentContext.CancellationToken));
    }

    /// <summary>A request that would succeed, with all that it needs in place.</summary>
    private async Task<(string Path, string? Body)> AddressAsync(string request, string owner)
    {
        string[] parts = request.Split(' ');
        string route = parts[1];
        string fresh = $"m{++_number}";
        switch (request)
        {
            case "POST /api/runs":
                return (route, """{"goal":"Go."}""");
            case "GET /dashboard/{**page}":
                return ("/dashboard/runs", null);
            case "GET /dashboard/-/{version}/{**file}":
                return ($"/dashboard/-/{_host.Services.GetRequiredService<DashboardFiles>().Current.Id}/app.js", null);
            case "GET /api/watch":
                return ("/api/watch?topic=none", null);
            case "POST /api/runs/bulk":
                return (route, """{"action":"pause","ids":["none"]}""");
            case "POST /api/approvals/decide":
                return (route, """{"decision":"deny","ids":["none"]}""");
            case "POST /api/tickets":
                return (route, """{"path":"/api/runs"}""");
            case "POST /api/runs/preview":
                return (route, """{"goal":"Go."}""");
            case "POST /api/policy/test":
                return (route, """{"agent":"lead","tool":"pay"}""");
            case "GET /api/agents/{agent}":
                return ("/api/agents/lead", null);
            case "POST /api/agents/{agent}/runs":
                return ("/api/agents/lead/runs", """{"goal":"Go."}""");
            case "GET /api/runs/{id}/events":
                return ($"/api/runs/{await EndedAsync(owner, "Go.")}/events?follow=false", null);
            case "GET /api/audit?run={id}":
                return ($"/api/audit?run={await EndedAsync(owner, "Go.")}", null);
            case "GET /api/runs/{id}/files/{sha256}":
                return ($"/api/runs/{await EndedAsync(owner, "Go.")}/files/{new string('0', 64)}", null);
            case "GET /api/runs/{id}/artifacts/{name}":
                string run = await EndedAsync(owner, "Go.");
                await _host.Services.GetRequiredService<ArtifactStore>()
                    .SaveAsync(run, "file.txt", "text/plain", "x"u8.ToArray());
                return ($"/api/runs/{run}/artifacts/file.txt", null);
            case "POST /api/runs/{id}/messages":
                return ($"/api/runs/{(await WaitingAsync(owner)).Run}/messages", """{"text":"Go on."}""");
            case "POST /api/runs/{id}/budget":
                return ($"/api/runs/{(await WaitingAsync(owner)).Run}/budget", """{"steps":5}""");
            case "POST /api/runs/{id}/fork":
                return ($"/api/runs/{await EndedAsync(owner, "Go.")}/fork", "{}");
            case "POST /api/runs/{id}/workspace/restore":
                return ($"/api/runs/{await EndedAsync(owner, "Go.")}/workspace/restore", """{"turn":0}""");
            case "POST /api/runs/{id}/rewind":
                return ($"/api/runs/{await EndedAsync(owner, "Go.")}/rewind", """{"turn":0,"files":false}""");
            case "POST /api/runs/{id}/resume":
                string paused = (await WaitingAsync(owner)).Run;
                await _host.Services.GetRequiredService<RunSteering>().PauseAsync(paused);
                return ($"/api/runs/{paused}/resume", null);
            case "POST /api/runs/{id}/cancel" or "POST /api/runs/{id}/pause":
                return (route.Replace("{id}", (await WaitingAsync(owner)).Run, StringComparison.Ordinal), null);
            case "GET /api/approvals/{id}":
                return ($"/api/approvals/{(await WaitingAsync(owner)).Approval}", null);
            case "POST /api/approvals/{id}":
                return ($"/api/approvals/{(await WaitingAsync(owner)).Approval}", """{"decision":"deny"}""");
            case "GET /api/questions/{id}":
                return ($"/api/questions/{await AskAsync(owner, fresh)}", null);
            case "POST /api/questions/{id}":
                return ($"/api/questions/{await AskAsync(owner, fresh)}", """{"answers":{"answer":"yes"}}""");
            case "POST /api/reviews/accept":
                return (route, $$"""{"run":"{{await EndAsync(owner, "Change.")}}"}""");
            case "DELETE /api/runs/{id}":
                return ($"/api/runs/{await EndAsync(owner, "Go.")}?reason=test", null);
            case "GET /api/erasures/{id}":
                string erased = await EndAsync(owner, "Go.");
                await _host.Services.GetRequiredService<RunErasure>().EraseAsync(new EraseRequest(erased, "test"), Caller.Local);
                return ($"/api/erasures/{erased}", null);
            case "GET /api/jobs/{id}":
                RunJob job = await _host.Services.GetRequiredService<RunJobs>().StartAsync(
                    RunsAction.Pause, ["none"], new Caller(owner) { Roles = [CallerRoles.Submitter] });
                return ($"/api/jobs/{job.Id}", null);
            case "PUT /api/holds/{name}":
                return ($"/api/holds/{fresh}", """{"agent":"nobody","reason":"test"}""");
            case "DELETE /api/holds/{name}":
                await _host.Services.GetRequiredService<LegalHolds>().SetAsync(
                    new Hold(fresh) { Agent = "nobody", Reason = "test" },
                    new Caller("somebody") { Roles = [CallerRoles.Auditor] });
                return ($"/api/holds/{fresh}", null);
            case "POST /api/keys":
                return (route, $$"""{"name":"{{fresh}}","roles":["viewer"]}""");
            case "DELETE /api/keys/{name}":
                await _host.Services.GetRequiredService<ApiKeys>().AddAsync(fresh, [CallerRoles.Viewer], Caller.Local);
                return ($"/api/keys/{fresh}", null);
            case "POST /api/kill" or "POST /api/kill/release":
                return (route, """{"scope":"label","name":"no=such","reason":"test"}""");
            case "PUT /api/monitors/{name}":
                return ($"/api/monitors/{fresh}", MonitorBody);
            case "GET /api/incidents/{id}" or "POST /api/incidents/{id}/acknowledge" or "POST /api/incidents/{id}/resolve":
                return (route.Replace("{id}", "none", StringComparison.Ordinal), null);
        }

        if (route.StartsWith("/api/monitors/{name}", StringComparison.Ordinal))
        {
            await AsRootAsync(HttpMethod.Put, $"/api/monitors/{fresh}", MonitorBody);
            if (route.EndsWith("/resume", StringComparison.Ordinal))
            {
                await AsRootAsync(HttpMethod.Post, $"/api/monitors/{fresh}/pause", null);
            }

            return (route.Replace("{name}", fresh, StringComparison.Ordinal), null);
        }

        return (route.Contains("{id}", StringComparison.Ordinal)
            ? route.Replace("{id}", await EndedAsync(owner, "Go."), StringComparison.Ordinal)
            : route, null);
    }

    private const string MonitorBody = """{"schedule":{"every":"PT12H"},"agent":"lead","goal":"Look."}""";

    private async Task AsRootAsync(HttpMethod method, string path, string? body)
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
        };
        using HttpResponseMessage response = await _callers[CallerRoles.Admin].SendAsync(request);
        Assert.That(response.IsSuccessStatusCode, Is.True, await response.Content.ReadAsStringAsync());
    }

    /// <summary>A run of this owner that has ended; always the same one. Its owner had the role of a submitter then.</summary>
    private async Task<string> EndedAsync(string owner, string goal) =>
        _ended.TryGetValue((owner, goal), out string? id) ? id : _ended[(owner, goal)] = await EndAsync(owner, goal);

    private async Task<string> EndAsync(string owner, string goal)
    {
        Run run = await SubmitAsync(owner, goal);
        return (await _host.Services.GetRequiredService<RunReader>()
            .WaitForEndAsync(run.Id, TestContext.CurrentContext.CancellationToken)).Id;
    }

    /// <summary>A run of this owner that waits for a person.</summary>
    private async Task<(string Run, string Approval)> WaitingAsync(string owner)
    {
        Run run = await SubmitAsync(owner, "Pay.");
        var desk = _host.Services.GetRequiredService<ApprovalService>();
        CancellationToken cancellationToken = TestContext.CurrentContext.CancellationToken;
        Approval asked = await Poll.ForAsync(
            async () => (await desk.ListAsync(null, cancellationToken)).FirstOrDefault(approval => approval.RunId == run.Id),
            cancellationToken);
        return (run.Id, asked.Id);
    }

    /// <summary>A question of a run of this owner.</summary>
    private async Task<string> AskAsync(string owner, string id)
    {
        string run = await EndedAsync(owner, "Go.");
        var asked = new Question
        {
            Id = id,
            RunId = run,
            RootId = run,
            Turn = 1,
            Call = 0,
            Tool = "ask_person",
            Text = "Which?",
            Form = QuestionForm.Words.Schema,
            Requester = owner,
            Chain = ["lead"],
            Goal = "Go.",
            Rule = "default:none",
            Terms = new AnswerTerms(),
            CreatedAt = DateTimeOffset.UtcNow,
        };
        return (await _host.Services.GetRequiredService<QuestionRequester>()
            .AskAsync(asked, TestContext.CurrentContext.CancellationToken)).Id;
    }

    private Task<Run> SubmitAsync(string owner, string goal) => _host.Services.GetRequiredService<AgentGateway>().SubmitAsync(
        new RunRequest { Goal = goal, Labels = new Dictionary<string, string> { ["team"] = "red" } },
        new Caller(owner) { Roles = [CallerRoles.Submitter] }, cancellationToken: TestContext.CurrentContext.CancellationToken);

    private static string NameOf(string column) => $"of-{column.Replace(' ', '-')}";

    private static void Build(WebApplicationBuilder builder)
    {
        string policy = Path.Combine(builder.Environment.ContentRootPath, "policy.yaml");
        File.WriteAllText(
            policy,
            """
            rules:
              - { name: ask, when: { tool: pay }, then: ask, approval: { roles: [approver] } }
              - { name: change, when: { tool: change }, then: allow }
            """);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Governance:PolicyPath"] = policy,
            ["Api:RequestsPerSecond"] = "0",
            ["Reviews:Queues:0:Label"] = "team",
            ["Reviews:Queues:0:Capacity"] = "500",
        });
        builder.Services.Configure<AgentFunctions.Runs.RunOptions>(options =>
            options.WorkspaceRoot =
                Directory.CreateDirectory(Path.Combine(builder.Environment.ContentRootPath, "folders")).FullName);
        builder.Services.AddTool(AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, (string to) => to));
        builder.Services.AddTool(AgentTool.Create("change", "Changes.", ToolEffect.NotIdempotent, (string to) => to));
    }
}
