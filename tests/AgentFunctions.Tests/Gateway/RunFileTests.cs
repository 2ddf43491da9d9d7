using System.Text;
using AgentFunctions.Gateway;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.AspNetCore;
using AgentFunctions.Views;

namespace AgentFunctions.Tests.Gateway;

/// <summary>Files that come with a request are there before the run begins.</summary>
[CancelAfter(300_000)]
internal sealed class RunFileTests
{
    private static readonly RunFile File = new("in-m-1-notes.txt", "text/plain", Encoding.UTF8.GetBytes("What is in it."));

    [Test]
    public async Task Files_OfARequest_AreThereWhenTheModelIsAskedFirst(CancellationToken cancellationToken)
    {
        ApiHost? host = null;
        IReadOnlyList<Artifact>? seen = null;
        await using ApiHost started = await ApiHost.StartAsync(request => ChatReply.Say("Read.") with
        {
            Before = async token => seen ??= await host!.Get<ArtifactStore>().ListAsync(
                (await host!.Get<RunReader>().ListPageAsync(new RunFilter(), 1, token)).Items.Single().Id, token),
        });
        host = started;
        var asked = new RunRequest { Agent = "worker", Goal = "Read it.", Files = [File] };

        Run run = await host.Get<AgentGateway>().SubmitAsync(asked, Caller.Local, "once", cancellationToken);
        Run again = await host.Get<AgentGateway>().SubmitAsync(asked, Caller.Local, "once", cancellationToken);
        await host.Get<RunReader>().WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(again.Id, Is.EqualTo(run.Id));
        Assert.That(seen!.Select(static one => (one.Name, one.MediaType)), Is.EqualTo(new[] { (File.Name, "text/plain") }));
        (_, ReadOnlyMemory<byte> content) = (await host.Get<ArtifactStore>()
            .GetAsync(run.Id, File.Name, cancellationToken))!.Value;
        Assert.That(Encoding.UTF8.GetString(content.Span), Is.EqualTo("What is in it."));
    }

    [Test]
    public async Task File_WhoseNameIsNone_RefusesTheRequestAndChangesNothing(CancellationToken cancellationToken)
    {
        await using ApiHost host = await ApiHost.StartAsync(static _ => ChatReply.Say("Read."));
        var asked = new RunRequest { Agent = "worker", Goal = "Read it.", Files = [File with { Name = "../notes" }] };

        Assert.That(
            async () => await host.Get<AgentGateway>().SubmitAsync(asked, Caller.Local, null, cancellationToken),
            Throws.InstanceOf<AgentException>().With.Message.Contains("files.name"));
        Assert.That((await host.Get<RunReader>().ListPageAsync(new RunFilter(), 10, cancellationToken)).Items, Is.Empty);
    }
}
