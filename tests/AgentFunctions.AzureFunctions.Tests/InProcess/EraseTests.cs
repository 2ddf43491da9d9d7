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
public sealed class EraseTests
{
    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Erase_OfATree_LeavesNoBlobAndNoHistoryOfIt()
    {
        string[] marks = [.. new[] { "goal", "argument", "result", "answer", "file" }.Select(static kind => $"{kind}{Guid.NewGuid():N}")];
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request => request.Turn == 0
            ? ChatReply.Call("note", new { text = marks[1] })
            : ChatReply.Say(marks[3]));
        BlobServiceClient account = AzuriteServer.Connect();
        await using ServiceProvider services = AppServices.Build(model, account, add =>
        {
            add.AddAgent(Agent.Create("worker").WithInstructions("Work.").Build());
            add.AddTool(AgentTool.Create("note", "Notes.", ToolEffect.NotIdempotent, (string text) => $"{marks[2]}{text[..0]}"));
        });
        await using InProcessHost host = await InProcessHost.StartAsync(services.GetRequiredService<DurableRegistry>());
        services.GetRequiredService<DurableTaskClientAccessor>().Client = host.DurableClient;
        Run run = await services.GetRequiredService<AgentGateway>().SubmitAsync(
            new RunRequest { Goal = $"Note {marks[0]}." }, Caller.Local, "key", Cancel);
        Run ended = await services.GetRequiredService<RunReader>().WaitForEndAsync(run.Id, Cancel);
        Assert.That(ended.Status, Is.EqualTo(RunStatus.Completed), ended.Error?.Message);
        await services.GetRequiredService<ArtifactStore>().SaveAsync(run.Id, "file.txt", "text/plain", Encoding.UTF8.GetBytes(marks[4]), Cancel);
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
            await services.GetRequiredService<AuditLog>().ReadAsync(run.Id, 0, Cancel).Select(static entry => entry.Type).ToListAsync(Cancel),
            Does.Contain(AuditTypes.RunErasedDone));
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
