using AgentFunctions.TestKit;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Mcp;

/// <summary>How long a server's list of tools is taken for fresh. Needs Node.js and nothing from npm.</summary>
[TestFixture]
[CancelAfter(300_000)]
internal sealed class McpListTests
{
    [TestCase("60000", 59_999, 1)]
    [TestCase("60000", 60_000, 2)]
    [TestCase("3600000", 600_000, 1)]
    [TestCase("0", 4_999, 1)]
    [TestCase("0", 5_000, 2)]
    [TestCase("-7", 5_000, 2)]
    [TestCase("none", 299_999, 1)]
    [TestCase("none", 300_000, 2)]
    [TestCase("1e300", 86_399_999, 1)]
    [TestCase("1e300", 86_400_000, 2)]
    public async Task List_IsFreshAsLongAsItsServerSays(string ttl, int milliseconds, int lists)
    {
        VirtualTime time = NewTime();
        await using McpBench bench = Start(time, $"ttl:{ttl}");
        Assert.That(await ListedAsync(bench), Is.EqualTo(1));

        time.Advance(TimeSpan.FromMilliseconds(milliseconds));

        Assert.That(await ListedAsync(bench), Is.EqualTo(lists));
    }

    [Test]
    public async Task List_WhoseServerSaysThatItChanged_IsAskedForAtOnce(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        string change = Path.Combine(folder.Path, "change");
        await using McpBench bench = Start(NewTime(), "ttl:3600000", $"tells:{change}");
        Assert.That(await ListedAsync(bench), Is.EqualTo(1));

        await File.WriteAllTextAsync(change, "", cancellationToken);

        await Poll.UntilAsync(async () => await ListedAsync(bench) == 2, cancellationToken);
    }

    private static async Task<int> ListedAsync(McpBench bench)
    {
        const string Prefix = "mcp__odd__list_";
        IReadOnlyList<AgentTool> tools = await bench.Catalog.SelectAsync(bench.Caller);
        return int.Parse(tools.Single(static tool => tool.Name.StartsWith(Prefix,
            StringComparison.Ordinal)).Name[Prefix.Length..]);
    }

    private static VirtualTime NewTime() => new(new DateTimeOffset(2026, 5, 4, 8, 0, 0, TimeSpan.Zero));

    private static McpBench Start(VirtualTime time, params string[] how)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "node", "odd-server.mjs");
        return new McpBench(McpBench.Configuration(new
        {
            odd = new
            {
                command = "node",
                args = new[] { program, "newest" }.Concat(how)
            }
        }), time);
    }
}
