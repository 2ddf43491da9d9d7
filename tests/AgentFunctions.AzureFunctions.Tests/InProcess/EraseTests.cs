using System.Text;
using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.DurableTask;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Erasure;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>A run that is erased on Durable Task and a storage account: neither has a byte of it left.</summary>
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
public sealed class EraseTests
{
    private const int Count = 50;

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Erase_OfATree_LeavesNoBlobAndNoHistoryOfIt()
    {
        string[] names = ["goal", "argument", "result", "answer", "file", "said", "plan"];
        var kinds = names.ToDictionary(
            static kind => kind,
            static kind => Enumerable.Range(0, Count).Select(number => $"{kind}{number:D2}q{Guid.NewGuid():N}"[..24]).ToArray());
        string[] marks = [.. kinds.Values.SelectMany(static all => all)];
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request => request.Turn == 0
            ? new ChatReply
            {
                Calls =
                [
                    ChatReplyCall.Of("note", new { text = Text("argument") }),
                    ChatReplyCall.Of("update_plan", new { items = new[] { new { text = Text("plan"), status = "done" } } }),
                ],
            }
            : ChatReply.Say(Text("answer")));
        BlobServiceClient account = AzuriteServer.Connect();
        await using ServiceProvider services = AppServices.Build(model, account, add =>
        {
            add.AddAgent(Agent.Create("worker").WithInstructions("Work.").Build());
            add.AddTool(AgentTool.Create(
                "note", "Notes.", ToolEffect.NotIdempotent, (string text) => $"{Text("result")}{text[..0]}"));
        });
        await using InProcessHost host = await InProcessHost.StartAsync(services.GetRequiredService<DurableRegistry>());
        services.GetRequiredService<DurableTaskClientAccessor>().Client = host.DurableClient;
        Run run = await services.GetRequiredService<AgentGateway>().SubmitAsync(
            new RunRequest { Goal = $"Note {Text("goal")}." }, Caller.Local, "key", Cancel);
        Run ended = await services.GetRequiredService<RunReader>().WaitForEndAsync(run.Id, Cancel);
        Assert.That(ended.Status, Is.EqualTo(RunStatus.Completed), ended.Error?.Message);
        await services.GetRequiredService<ArtifactStore>().SaveAsync(
            run.Id, "file.txt", "text/plain", Encoding.UTF8.GetBytes(Text("file")), Cancel);
        await services.GetRequiredService<RunSteering>().SendAsync(run.Id, Text("said"), Caller.Local, "key-2", Cancel);
        await services.GetRequiredService<RunReader>().WaitForEndAsync(run.Id, Cancel);
        Assert.That(await FoundAsync(account, marks), Is.EquivalentTo(marks), "all are there before");

        await services.GetRequiredService<RunErasure>().EraseAsync(new EraseRequest(run.Id, "asked for"), Caller.Local, Cancel);
        OrchestrationState erased = await host.Client.WaitForCompletionAsync(EraseFlow.InstanceIdOf(run.Id), Cancel);

        Assert.That(erased.Status, Is.EqualTo(OrchestrationStatus.Completed), erased.Failure?.Message);
        Assert.That(await FoundAsync(account, marks), Is.Empty);
        Assert.That(await host.Client.GetAsync(run.Id, true, Cancel), Is.Null);
        Assert.That(await host.Client.ReadHistoryAsync(run.Id, Cancel).AnyAsync(Cancel), Is.False);
        Assert.That(
            async () => await services.GetRequiredService<RunReader>().GetAsync(run.Id, Cancel),
            Throws.InstanceOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.RunErased));
        Assert.That((await services.GetRequiredService<AuditLog>().VerifyAsync(Cancel)).Holds, Is.True);
        Assert.That(
            await services.GetRequiredService<AuditLog>().ReadAsync(run.Id, 0, Cancel).Select(static entry => entry.Type)
                .ToListAsync(Cancel),
            Does.Contain(AuditTypes.RunErasedDone));

        string Text(string kind) => string.Join(' ', kinds[kind]);
    }

    private static async Task<IReadOnlyCollection<string>> FoundAsync(BlobServiceClient account, string[] marks)
    {
        var found = new HashSet<string>();
        await foreach (BlobContainerItem container in account.GetBlobContainersAsync(cancellationToken: Cancel))
        {
            BlobContainerClient blobs = account.GetBlobContainerClient(container.Name);
            await foreach (BlobItem blob in blobs.GetBlobsAsync(cancellationToken: Cancel))
            {
                byte[] bytes = (await blobs.GetBlobClient(blob.Name).DownloadContentAsync(Cancel)).Value.Content.ToArray();
                found.UnionWith(marks.Where(mark => bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(mark)) >= 0));
            }
        }

        return found;
    }
}
