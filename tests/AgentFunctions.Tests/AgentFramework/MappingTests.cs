using System.Reflection;
using System.Text.RegularExpressions;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>The list of rows and their tests beside this file names tests that there are.</summary>
internal sealed partial class MappingTests
{
    [Test]
    public void Mapping_EachTestItNames_IsThere()
    {
        string mapping = File.ReadAllText(
            Path.Combine(Repository.Root, "tests", "AgentFunctions.Tests", "AgentFramework", "MAPPING.md"));

        (string Fixture, string Test)[] named =
            [.. Named().Matches(mapping).Select(static match => (match.Groups[1].Value, match.Groups[2].Value))];

        Assert.That(named, Has.Length.GreaterThan(50));
        Assert.That(named.Where(static one => typeof(MappingTests).Assembly
            .GetType($"{typeof(MappingTests).Namespace}.{one.Fixture}")?.GetMethod(one.Test)?
            .GetCustomAttributes<NUnitAttribute>().Any() != true), Is.Empty);
    }

    [GeneratedRegex(@"`(\w+Tests)\.(\w+)`")]
    private static partial Regex Named();
}
