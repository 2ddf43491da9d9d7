using System.Reflection;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.Architecture;

/// <summary>All time comes from the host's <see cref="TimeProvider"/>, time-outs too.</summary>
internal sealed class ClockTests
{
    /// <summary>What may use the system's clock, and why.</summary>
    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["AgentFunctions.Models.RehearsalModel."] = "a static way to make a model, without a host",
        ["AgentFunctions.Tools.Workspaces.WorkspaceCommands.ctor"] = "before the host starts, which sets its own",
        ["AgentFunctions.Sqlite.SqliteEngineServiceCollectionExtensions.AddSqliteEngine"] = "the default of a host",
        ["AgentFunctions.Sqlite.SqliteEngine.ctor"] = "the default of an engine without a host",
        ["AgentFunctions.Sqlite.Operations.Inspection."] = "reads a file of an engine that does not run",
        ["AgentFunctions.Sqlite.Runtime.Instance.EnqueueLaterAsync"] = "what failed is a real disk",
        ["AgentFunctions.OpenAI.Wire.AnswerReader."] = "moves the end of a source that was made with the host's clock",
        ["AgentFunctions.Tools.Workspaces.Commands.BubblewrapSandbox.Probe"] = "asks once for each process, before there is a host",
        ["AgentFunctions.Monitors.Signals.HttpCheck."] = "measures the network",
        ["AgentFunctions.Monitors.Signals.TcpCheck."] = "measures the network",
    };

    [Test]
    public void Code_Always_AsksTheHostsClock()
    {
        string[] uses = [.. Directory.EnumerateFiles(AppContext.BaseDirectory, "AgentFunctions*.dll")
            .Where(static file => !Path.GetFileNameWithoutExtension(file).Contains("Test", StringComparison.Ordinal))
            .SelectMany(static file => SystemClockUses.Of(Assembly.LoadFrom(file)))
            .Where(static use => !use.StartsWith("Microsoft.Extensions.DependencyInjection.", StringComparison.Ordinal))];
        string[] unused = [.. Allowed.Keys.Where(place => !uses.Any(use => use.StartsWith(place, StringComparison.Ordinal)))];

        Assert.Multiple(() =>
        {
            Assert.That(uses.Where(static use => !Allowed.Keys.Any(place => use.StartsWith(place, StringComparison.Ordinal))),
                Is.Empty);
            Assert.That(unused, Is.Empty, "These exceptions are needed no more.");
        });
    }
}
