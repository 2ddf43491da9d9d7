using AgentFunctions.TestKit;

namespace AgentFunctions;

/// <summary>What each test assembly, which compiles this file into itself, does at its end.</summary>
[SetUpFixture]
internal sealed class LastTearDown
{
    [OneTimeTearDown]
    public static void RemoveFolders() => TemporaryFolder.RemoveAll();
}
