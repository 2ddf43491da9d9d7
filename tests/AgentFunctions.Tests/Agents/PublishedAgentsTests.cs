using System.Text;
using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Hosting;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Planning;
using AgentFunctions.Tools.Web;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Agents;

/// <summary>Agent files as people publish them, on a host with one model.</summary>
internal sealed class PublishedAgentsTests
{
    private const int Count = 500;

    [Test]
    public async Task Load_FiveHundredPublishedOnes_AllLoadOrAreLeftOutAndNearlyAllRun()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(551);
        for (int i = 0; i < Count; i++)
        {
            byte[] file = PublishedAgent.Write(random, i);
            await File.WriteAllBytesAsync(folder.Write($"agents/a{i:000}.md", ""), file);
        }

        folder.Write("agents/README.md", "---\ntitle: Our agents\n---\n# Agents");
        await using ServiceProvider host = Host(Path.Combine(folder.Path, "agents"));
        AgentCatalog catalog = host.GetRequiredService<AgentCatalog>();
        ToolCatalog tools = host.GetRequiredService<ToolCatalog>();
        IModelCatalog models = host.GetRequiredService<IModelCatalog>();

        int run = 0;
        foreach (AgentDefinition agent in catalog.Agents)
        {
            ModelChoice model = models.ResolveFor(agent.Model);
            ToolOffer offer = await tools.ChooseAsync(agent, TimeSpan.Zero);
            Assert.That(model.Model.Name, Is.EqualTo("only"));
            Assert.That(agent.Model is null or "only" || model.Note is not null, agent.Model);
            Assert.That(agent.Description, Is.Not.Empty);
            Assert.That(offer.Tools.Select(tool => tool.Name).Intersect(agent.DisallowedTools), Is.Empty, "a 'no' is kept");
            run++;
        }

        Assert.That(catalog.Agents.Count + catalog.LeftOut.Count, Is.EqualTo(Count + 1));
        Assert.That(catalog.LeftOut, Has.All.Matches<LeftOutAgent>(one => one.Reason.Line > 0 && one.Reason.Message.Length > 0));
        Assert.That(run, Is.GreaterThanOrEqualTo(Count * 95 / 100), string.Join("\n", catalog.LeftOut.Take(20)));
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Run_EveryTwelfthOfThem_CompletesOnAHostWithOneModel(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        var random = new Random(551);
        for (int i = 0; i < Count; i++)
        {
            await File.WriteAllBytesAsync(folder.Write($"agents/a{i:000}.md", ""), PublishedAgent.Write(random, i),
                cancellationToken);
        }

        await using RunHost host = await RunHost.StartAsync(
            services => services.AddWorkspaceTools().AddAgentsFrom(Path.Combine(folder.Path, "agents")),
            static _ => ChatReply.Say("Done."));
        string[] sample = [.. host.Get<AgentCatalog>().Agents.Select(static agent => agent.Name)
            .Where(static (_, index) => index % 12 == 0)];
        var failed = new List<string>();
        foreach (string agent in sample)
        {
            try
            {
                Run run = await host.Gateway.SubmitAsync(new RunRequest { Goal = "Work.", Agent = agent },
                    cancellationToken: cancellationToken);
                run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);
                if (run is not { Status: RunStatus.Completed, Result.Text: "Done." })
                {
                    failed.Add($"{agent}: {run.Status} {run.Error?.Message}");
                }
            }
            catch (AgentException e)
            {
                failed.Add($"{agent}: {e.Message}");
            }
        }

        Assert.That(sample, Has.Length.GreaterThan(35));
        Assert.That(failed, Has.Count.LessThanOrEqualTo(sample.Length * 5 / 100), string.Join("\n", failed));
    }

    private static ServiceProvider Host(string folder)
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Models:only:Provider"] = "openai",
            ["Models:only:Endpoint"] = "http://127.0.0.1:9/v1",
            ["Models:only:Key"] = "x",
            ["Models:only:Model"] = "gpt-x",
        }).Build();
        return new ServiceCollection()
            .AddSingleton(configuration).AddLogging().AddOpenAIModels(configuration)
            .AddWorkspaceTools().AddTool(PlanTool.Create()).AddTool(WebFetchTool.Create()).AddMcpServers()
            .AddAgentsFrom(folder).BuildServiceProvider();
    }
}
