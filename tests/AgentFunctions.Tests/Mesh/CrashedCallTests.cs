using System.Text.Json.Nodes;
using AgentFunctions.Mesh;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.OpenApi;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AgentFunctions.Tests.Mesh;

/// <summary>
/// Calls of another host's agent, which does not say that it takes a message once, whose host dies after it has heard the outcome
/// and before that is in its ledger.
/// </summary>
[CancelAfter(300_000)]
internal sealed class CrashedCallTests
{
    [TestCase("later", "All is well.")]
    [TestCase("atOnce", "All is well.")]
    [TestCase("forgotten", "does not know the task any more")]
    [TestCase("message", "outcome is unknown")]
    public async Task Call_WhoseOutcomeIsLostInACrash_IsNotSentAgain(string kind, string expected,
        CancellationToken cancellationToken)
    {
        var crash = new Crash();
        ApiServer? server = null;
        await using ApiServer other = server = await ApiServer.StartAsync(async context =>
        {
            if (HttpMethods.IsGet(context.Request.Method))
            {
                await context.Response.WriteAsync(CardOf(server!.Url));
                return;
            }

            bool isSent = IsSend(server!.Last);
            if (!isSent || kind is "atOnce" or "message")
            {
                crash.IsArmed = true;
            }

            await context.Response.WriteAsync($$"""{"jsonrpc":"2.0","id":1,{{AnswerOf(kind, isSent)}}}""");
        });
        await using RunHost host = await RunHost.StartAsync(
            crash.Install, static request => MeshHosts.Lead(request, "other", "Do it."), null,
            static agent => agent.WithTools("call_agent"), ("Mesh:PollInterval", "00:00:00.1"),
            ("Mesh:Agents:other:Card", $"{other.Url}/card"), ("Governance:Network:Allow:0", "127.0.0.1"));

        Run run = await host.SubmitAsync();
        await crash.Came.WaitAsync(cancellationToken);
        crash.IsOver = true;
        await host.RestartAsync();
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result?.Text, Does.Contain(expected), run.Error?.Message);
        Assert.That(other.Requests.Count(IsSend), Is.EqualTo(1));
        Assert.That(await host.Get<MeshCalls>().OfRunAsync(run.Id, cancellationToken), Is.Empty, "at its end nothing is kept");
    }

    private static bool IsSend(ApiRequest request) => request.Body.Contains("\"SendMessage\"", StringComparison.Ordinal);

    private static string CardOf(string url) => new JsonObject
    {
        ["name"] = "other",
        ["description"] = "Works.",
        ["supportedInterfaces"] = new JsonArray(new JsonObject
        {
            ["url"] = $"{url}/rpc",
            ["protocolBinding"] = "JSONRPC",
            ["protocolVersion"] = "1.0",
        }),
    }.ToJsonString();

    private static string AnswerOf(string kind, bool isSent) => (kind, isSent) switch
    {
        ("message", _) => """ "result":{"message":{"messageId":"1","role":"ROLE_AGENT","parts":[{"text":"Just words."}]}} """,
        ("atOnce", true) => $$""" "result":{"task":{{TaskIn("COMPLETED")}}} """,
        (_, true) => $$""" "result":{"task":{{TaskIn("WORKING")}}} """,
        ("forgotten", _) => """ "error":{"code":-32001,"message":"no such task"} """,
        _ => $""" "result":{TaskIn("COMPLETED")} """,
    };

    private static string TaskIn(string state) => new JsonObject
    {
        ["id"] = "t-1",
        ["status"] = new JsonObject
        {
            ["state"] = $"TASK_STATE_{state}",
            ["message"] = new JsonObject { ["parts"] = new JsonArray(new JsonObject { ["text"] = "All is well." }) },
        },
    }.ToJsonString();

    /// <summary>
    /// The end of a process: what it writes next about calls of other hosts takes place, but never returns, and nothing enters its
    /// ledger any more.
    /// </summary>
    private sealed class Crash
    {
        private readonly TaskCompletionSource _came = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsArmed { get; set; }

        /// <summary>Whether another process has begun.</summary>
        public bool IsOver { get; set; }

        public Task Came => _came.Task;

        public void Install(IServiceCollection services)
        {
            ServiceDescriptor inner = services.Last(static service => service.ServiceType == typeof(IRecordStore));
            services.Replace(ServiceDescriptor.Singleton<IRecordStore>(provider =>
                new Store(this, (IRecordStore)inner.ImplementationFactory!(provider))));
        }

        private async Task<T> WriteAsync<T>(string key, Func<Task<T>> write, CancellationToken cancellationToken)
        {
            bool isOfCall = key.StartsWith("mesh-calls/", StringComparison.Ordinal);
            bool isCut = IsArmed && !IsOver && (isOfCall || key.StartsWith("ledger/", StringComparison.Ordinal));
            if (isCut && !isOfCall)
            {
                await DieAsync(cancellationToken);
            }

            T result = await write();
            if (isCut)
            {
                await DieAsync(cancellationToken);
            }

            return result;
        }

        private Task DieAsync(CancellationToken cancellationToken)
        {
            _came.TrySetResult();
            return Task.Delay(Timeout.Infinite, cancellationToken);
        }

        private sealed class Store(Crash crash, IRecordStore inner) : IRecordStore
        {
            public bool IsShared => inner.IsShared;

            public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken) =>
                inner.GetAsync(key, cancellationToken);

            public Task<string> PutAsync(string key, ReadOnlyMemory<byte> value, RecordCondition condition,
                CancellationToken cancellationToken) =>
                crash.WriteAsync(key, () => inner.PutAsync(key, value, condition, cancellationToken), cancellationToken);

            public Task DeleteAsync(string key, RecordCondition condition, CancellationToken cancellationToken) =>
                crash.WriteAsync(
                    key,
                    async () =>
                    {
                        await inner.DeleteAsync(key, condition, cancellationToken);
                        return true;
                    },
                    cancellationToken);

            public IAsyncEnumerable<StoredRecord> ListAsync(string prefix, string? after, CancellationToken cancellationToken) =>
                inner.ListAsync(prefix, after, cancellationToken);
        }
    }
}
