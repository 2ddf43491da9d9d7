namespace AgentFunctions.AzureFunctions.Tests.Infra;

/// <summary>The Bicep of <c>infra/</c> under its compiler.</summary>
[CancelAfter(1_800_000)]
public sealed class BicepTests
{
    private static readonly string s_folder = Repository.Path("infra");
    private static readonly string s_main = Path.Combine(s_folder, "main.bicep");

    private static IEnumerable<string> Files =>
        Directory.GetFiles(s_folder, "*.bicep", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(static file => Path.GetRelativePath(s_folder, file));

    [Test]
    public async Task Main_Compiled_HasNoDiagnostics()
    {
        (int code, string output, string errors) = await BicepCompiler.RunAsync("build", s_main, "--stdout");

        Assert.That((code, errors), Is.EqualTo((0, "")));
        Assert.That(output, Does.Contain("\"$schema\""));
    }

    [Test]
    public async Task Main_Linted_HasNoDiagnostics()
    {
        (int code, string output, string errors) = await BicepCompiler.RunAsync("lint", s_main);

        Assert.That((code, output, errors), Is.EqualTo((0, "", "")));
    }

    [TestCaseSource(nameof(Files))]
    public async Task File_Formatted_StaysAsItIs(string file)
    {
        string path = Path.Combine(s_folder, file);

        (int code, string output, string errors) = await BicepCompiler.RunAsync("format", path, "--stdout");

        Assert.That((code, errors), Is.EqualTo((0, "")));
        Assert.That(output.TrimEnd(), Is.EqualTo((await File.ReadAllTextAsync(path)).TrimEnd()));
    }
}
