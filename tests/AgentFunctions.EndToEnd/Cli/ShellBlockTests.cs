using System.Net;
using System.Text.RegularExpressions;

namespace AgentFunctions.EndToEnd.Cli;

/// <summary>
/// Every line of shell in README runs as it is printed, in an empty folder and without a key. Those that need the packages, below
/// <c>## Install</c> and in the pages for the first hour, are run by <c>.ci/templates</c>.
/// </summary>
[CancelAfter(300_000)]
internal sealed partial class ShellBlockTests
{
    private static IEnumerable<TestCaseData> Lines() => LinesOf("README.md").Where(static line => line.Heading != "Install")
        .Select(static line => new TestCaseData(line.Command).SetArgDisplayNames(line.Command));

    [TestCaseSource(nameof(Lines))]
    public async Task Line_OfTheFirstPages_RunsAsPrinted(string command)
    {
        using var folder = new TemporaryFolder();
        folder.Write("notes.txt", "TODO: sell something\n");
        folder.Write("agents/auditor.md", "---\nname: auditor\ndescription: Audits.\n---\nAudit the folder.\n");
        string[] words = [.. Word().Matches(command).Select(static word => word.Value.Trim('"'))];
        switch (words)
        {
            case ["dotnet", "test"]:
                Assert.That(Repository.Text(".ci/run"), Does.Contain("\ndotnet test "),
                    "this very run");
                break;
            case ["dotnet", "run", "--project", var project]:
                await EndsAsync(ProgramProcess.StartSample(Path.GetFileName(project), folder.Path, []));
                break;
            case ["agentfunctions", "serve", ..]:
                await ServesAsync(ProgramProcess.Start(null, folder.Path,
                    [.. words[1..], "--trust", "--urls", "http://127.0.0.1:0"]));
                break;
            case ["agentfunctions", ..]:
                await EndsAsync(ProgramProcess.Start(null, folder.Path, words[1..]));
                break;
            default:
                Assert.Fail($"There is no way here to run '{command}'.");
                break;
        }
    }

    [Test]
    public void Lines_ThatNeedThePackages_AreRunByTheScriptOfTemplates()
    {
        string script = Repository.Text(".ci/templates");

        Assert.That(LinesOf("README.md").Count(static line => line.Heading == "Install"), Is.GreaterThan(4));
        string[] pages = ["docs/first-agent.md", "docs/own-app.md", "docs/agent-framework.md", "docs/install.md", "docs/tools.md"];
        Assert.That(pages.Where(static page => LinesOf(page).Count() < 5), Is.Empty,
            "what a newcomer types, from an empty folder on");
        Assert.That(pages.SkipLast(1).Where(page => !script.Contains($" {page}", StringComparison.Ordinal)), Is.Empty);
        Assert.That(script, Does.Contain("try_page readme README.md Install").And.Contain("lines docs/tools.md"));
        Assert.That(Repository.Text(".ci/run"), Does.Contain(".ci/templates artifacts/packages --all"));
    }

    private static async Task EndsAsync(ProgramProcess program)
    {
        await using (program)
        {
            Assert.That(await program.WaitAsync(), Is.Zero, program.Output + program.Errors);
            Assert.That(program.Output + program.Errors, Does.Contain("ehears"), "it says that no real model answered");
        }
    }

    private static async Task ServesAsync(ProgramProcess program)
    {
        await using (program)
        {
            using var http = new HttpClient { BaseAddress = await program.ListeningAsync() };
            using HttpResponseMessage ready = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
            Assert.That(ready.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(await http.GetStringAsync(new Uri("/api/agents", UriKind.Relative)), Does.Contain("auditor"));
        }
    }

    private static IEnumerable<(string Heading, string Command)> LinesOf(string page)
    {
        string text = Repository.Text(page);
        foreach (Match block in Block().Matches(text))
        {
            string heading = Heading().Matches(text[..block.Index]).LastOrDefault()?.Groups[1].Value ?? "";
            foreach (string line in block.Groups["lines"].Value.Split('\n'))
            {
                string command = line.Split(" #")[0].Trim();
                if (command.Length > 0 && command[0] != '#')
                {
                    yield return (heading, command);
                }
            }
        }
    }

    [GeneratedRegex("^```sh\n(?<lines>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("^## (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("\"[^\"]*\"|[^ \"]+")]
    private static partial Regex Word();
}
