using System.Net;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Monitors.Signals;
using AgentFunctions.Network;
using AgentFunctions.Notifications;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.Mcp;
using AgentFunctions.Tests.Monitors;
using AgentFunctions.Tests.OpenApi;
using AgentFunctions.Tests.Tools;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.Network;

/// <summary>Every client of the host that an address of somebody else's can reach.</summary>
[CancelAfter(300_000)]
internal sealed class ClientBoundaryTests
{
    private const string Allow = "Governance:Network:Allow:0";

    [Test]
    public async Task Callback_AddressOfTheInnerNetwork_NothingIsSentAndTheRunEnds()
    {
        await using ApiServer inside = await ApiServer.StartAsync();
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say("Done."));

        Run run = await host.RunAsync("Work.", new RunRequest { CallbackUrl = $"{inside.Url}/steal" });
        await DeliveredAsync(host, run);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(inside.Requests, Is.Empty);
        List<AuditEntry> audit = await host.Get<AuditLog>().ReadAsync(run.Id).ToListAsync();
        Assert.That(audit.Single(entry => entry.Rule == "network-boundary").Reason, Does.StartWith("callbackUrl"));
    }

    [Test]
    public async Task Callback_AllowedHost_IsToldAndItsRedirectIsJudgedToo()
    {
        await using ApiServer inside = await ApiServer.StartAsync();
        await using ApiServer allowed = await ApiServer.StartAsync(context =>
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = $"{inside.Url}/steal";
            return Task.CompletedTask;
        });
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say("Done."),
            settings: (Allow, new Uri(allowed.Url).Authority));

        Run run = await host.RunAsync("Work.", new RunRequest { CallbackUrl = $"{allowed.Url}/told" });
        await DeliveredAsync(host, run);

        Assert.That(allowed.Requests.Select(request => request.Target), Is.EqualTo(new[] { "/told" }));
        Assert.That(inside.Requests, Is.Empty);
    }

    private static Task DeliveredAsync(RunHost host, Run run) =>
        host.Get<IOrchestrationClient>().WaitForCompletionAsync($"callback.{run.Id}.{run.Turns}");

    [Test]
    public async Task ToolsOwnClient_AddressThatTheModelChose_Refused()
    {
        await using ApiServer inside = await ApiServer.StartAsync();
        AgentTool fetch = AgentTool.Create(
            "fetch", "Fetches a page.", ToolEffect.None,
            (ToolContext context, string url, CancellationToken cancellationToken) => context.Http.GetStringAsync(new Uri(url),
                cancellationToken));
        await using RunHost host = await RunHost.StartAsync(
            request => request.Turn == 0
                ? new ChatReply { Calls = [ChatReplyCall.Of("fetch", new { url = $"{inside.Url}/metadata" })] }
                : ChatReply.Say(request.Results[^1]),
            [fetch]);

        Run run = await host.RunAsync();

        Assert.That(run.Result?.Text, Does.Contain("Rule 'network-boundary'"));
        Assert.That(inside.Requests, Is.Empty);
    }

    [Test]
    public async Task Signals_MonitorOverTheApi_RefusedAndOfTheProgramAllowed()
    {
        await using ApiServer inside = await ApiServer.StartAsync();
        await using ApiServer watched = await ApiServer.StartAsync();
        await using RunHost host = await RunHost.StartAsync(
            services => services.AddMonitor(MonitorBench.Definition(watched.Url + "/")), _ => ChatReply.Say("Done."));
        ISignalCheck check = host.Get<IEnumerable<ISignalCheck>>().Single(one => one is HttpCheck);
        ISignalCheck port = host.Get<IEnumerable<ISignalCheck>>().Single(one => one is TcpCheck);

        Observation seen = await LookAsync(check,
            new SignalDefinition { Name = "own", Http = new HttpSignal { Url = watched.Url } });
        var refused = Assert.CatchAsync<HttpRequestException>(
            () => LookAsync(check, new SignalDefinition { Name = "other", Http = new HttpSignal { Url = inside.Url } }));
        var scan = Assert.CatchAsync<AgentException>(() => LookAsync(
            port, new SignalDefinition
            {
                Name = "scan",
                Tcp = new TcpSignal { Host = "localhost", Port = new Uri(inside.Url).Port }
            }));

        Assert.That(seen.Error, Is.Null);
        Assert.That((refused!.InnerException as AgentException)?.Code, Is.EqualTo(ErrorCode.NotAllowed));
        Assert.That(scan!.Code, Is.EqualTo(ErrorCode.NotAllowed));
        Assert.That(inside.Requests, Is.Empty);
    }

    [Test]
    public async Task Webhook_ReceiverOfTheConfigurationRedirects_StaysWithTheReceiver()
    {
        await using ApiServer inside = await ApiServer.StartAsync();
        await using ApiServer receiver = await ApiServer.StartAsync(context =>
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = inside.Url;
            return Task.CompletedTask;
        });
        await using RunHost host = await RunHost.StartAsync(
            _ => ChatReply.Say("Done."), settings: ("Notifications:Channels:hook:Url", $"{receiver.Url}/hook"));
        HttpClient client = host.Get<IHttpClientFactory>().CreateClient(WebhookSink.HttpClientName);

        Assert.CatchAsync<HttpRequestException>(() => client.PostAsync(new Uri($"{receiver.Url}/hook"), new StringContent("{}")));

        Assert.That(receiver.Requests, Has.Count.EqualTo(1));
        Assert.That(inside.Requests, Is.Empty);
    }

    [Test]
    public async Task OpenApi_FetchedDescriptionNamesAnInnerServer_Refused()
    {
        await using ApiServer inside = await ApiServer.StartAsync();
        string description = JsonSerializer.Serialize(new
        {
            openapi = "3.1.0",
            servers = new[] { new { url = inside.Url } },
            paths = new Dictionary<string, object> { ["/secrets"] = new { get = new { operationId = "read" } } },
        });
        await using ApiServer vendor =
            await ApiServer.StartAsync(context => Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, description));
        var stores = new MemoryStores();
        await using ServiceProvider services = new ServiceCollection()
            .AddSingleton<IRecordStore>(stores).AddSingleton<IBlobStore>(stores)
            .AddSingleton(new ArtifactStore(stores, stores, TimeProvider.System))
            .AddOpenApiTools(options => (options.Name, options.Document) = ("vendor", $"{vendor.Url}/openapi.json"))
            .AddToolCatalog().BuildServiceProvider();
        IReadOnlyList<AgentTool> tools = await services.GetRequiredService<ToolCatalog>()
            .SelectAsync(Agent.Create("tester").WithInstructions("Test."));
        var context = new ToolContext
        {
            RunId = "run-1",
            Agent = "tester",
            Turn = 1,
            Call = 0,
            Artifacts = services.GetRequiredService<ArtifactStore>(),
            Services = services,
        };

        ToolOutcome outcome = await services.GetRequiredService<ToolInvoker>()
            .InvokeAsync(tools, ToolBench.Call("vendor__read", new { }), context);

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.NotAllowed), outcome.Text);
        Assert.That(inside.Requests, Is.Empty);
    }

    [Test]
    public async Task Mcp_ServerSendsItsClientElsewhere_NotFollowed()
    {
        await using ApiServer inside = await ApiServer.StartAsync();
        await using ApiServer server = await ApiServer.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            byte[] endpoint = System.Text.Encoding.UTF8.GetBytes($"event: endpoint\ndata: {inside.Url}/messages\n\n");
            await context.Response.Body.WriteAsync(endpoint, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
        });
        await using var bench =
            new McpBench(McpBench.Configuration(new { old = new { type = "sse", url = $"{server.Url}/sse" } }));

        ToolOutcome outcome = await bench.CallAsync("mcp__old__read");

        Assert.That(outcome.IsError, Is.True);
        Assert.That(server.Requests, Is.Not.Empty, "the server of the configuration itself is reached");
        Assert.That(inside.Requests, Is.Empty);
    }

    [Test]
    public async Task Bounded_AnswerWithoutEnd_IsCutOff()
    {
        await using ApiServer endless = await ApiServer.StartAsync(async context =>
        {
            context.Response.ContentType = context.Request.Path == "/events" ? "text/event-stream" : "application/json";
            byte[] block = System.Text.Encoding.ASCII.GetBytes(context.Request.Path == "/events"
                ? "data: some words\n\n"
                : new string('x', 4_096));
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(block, CancellationToken.None);
            }
        });
        using var http = new HttpClient(new BoundedResponseHandler(100_000) { InnerHandler = NetworkBoundary.CreateHandler(["127.0.0.1"]) });

        var cut = Assert.CatchAsync<HttpRequestException>(() => http.GetAsync(new Uri($"{endless.Url}/all")));
        using Stream events = await http.GetStreamAsync(new Uri($"{endless.Url}/events"));
        byte[] read = new byte[500_000];

        Assert.That(cut!.HttpRequestError, Is.EqualTo(HttpRequestError.ConfigurationLimitExceeded), cut.ToString());
        Assert.That(await events.ReadAtLeastAsync(read, read.Length), Is.EqualTo(read.Length),
            "many short events are no long answer");
    }

    [TestCase("10.0.0.0/8", "10.1.2.3", 80, true)]
    [TestCase("10.0.0.0/8", "11.1.2.3", 80, false)]
    [TestCase("127.0.0.1:8080", "127.0.0.1", 8080, true)]
    [TestCase("127.0.0.1:8080", "127.0.0.1", 80, false)]
    [TestCase("::1", "::1", 80, true)]
    [TestCase("[::1]:80", "::1", 81, false)]
    public void AllowsAddress_Entry_Judged(string entry, string address, int port, bool allowed) =>
        Assert.That(NetworkAllowance.Parse(entry).AllowsAddress(IPAddress.Parse(address), port), Is.EqualTo(allowed));

    [TestCase("orders.corp.example", "Orders.corp.example", 443, true)]
    [TestCase("orders.corp.example", "evil.example", 443, false)]
    [TestCase("*.corp.example", "a.b.corp.example", 443, true)]
    [TestCase("*.corp.example", "evilcorp.example", 443, false)]
    [TestCase("orders.corp.example:443", "orders.corp.example", 80, false)]
    public void AllowsName_Entry_Judged(string entry, string host, int port, bool allowed) =>
        Assert.That(NetworkAllowance.Parse(entry).AllowsName(host, port), Is.EqualTo(allowed));

    [TestCase("")]
    [TestCase("http://corp.example")]
    [TestCase("10.0.0.1/8/8")]
    [TestCase("*")]
    public void Parse_NoHost_RefusedWithTheRemedy(string entry) =>
        Assert.That(() => NetworkAllowance.Parse(entry),
            Throws.TypeOf<AgentException>().With.Message.Contains("Governance:Network:Allow"));

    [Test]
    public void Connect_AllowedNameLeadsToThePlatform_OnlyTheAddressItselfOpensIt()
    {
        var byName = new NetworkGuard(["169.254.169.254.nip.example"]);
        Assert.That(NetworkAllowance.Parse("127.0.0.1").AllowsAddress(IPAddress.Parse("169.254.169.254"), 80), Is.False);
        Assert.That(NetworkBoundary.IsPlatform(IPAddress.Parse("::ffff:169.254.169.254")), Is.True);
        Assert.That(
            new[] { "64:ff9b::a9fe:a9fe", "::169.254.169.254", "2002:a9fe:a9fe::1", "100.100.100.200",
                "192.0.0.192" }.Select(IPAddress.Parse),
            Is.All.Matches<IPAddress>(NetworkBoundary.IsPlatform));
        Assert.That(
            () => byName.ConnectAsync("", "169.254.169.254", 80, CancellationToken.None),
            Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.NotAllowed));
    }

    private static Task<Observation> LookAsync(ISignalCheck check, SignalDefinition signal) =>
        check.LookAsync(signal, new SignalMemory(), DateTimeOffset.UtcNow, CancellationToken.None);
}
