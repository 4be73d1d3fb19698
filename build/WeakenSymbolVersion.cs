using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Makes libLibTorchSharp.so load on systems whose libstdc++ is older than GCC 13 (Debian 12, Ubuntu 22.04).
/// The library names the version GLIBCXX_3.4.32, but no relocation needs a symbol of it: the one symbol bound to it,
/// _ZSt21ios_base_library_initv, only marks that iostreams initialise themselves. The loader refuses a missing version
/// unless its entry in .gnu.version_r carries VER_FLG_WEAK; this task writes a copy in which it does.
/// </summary>
public class WeakenSymbolVersion : Task
{
    private const string Version = "GLIBCXX_3.4.32";
    private const string SymbolOfThatVersion = "_ZSt21ios_base_library_initv";

    private const uint SectionVersionNeeds = 0x6ffffffe; // SHT_GNU_verneed
    private const ushort FlagWeak = 2; // VER_FLG_WEAK

    /// <summary>The library as the package ships it.</summary>
    [Required]
    public string Library { get; set; }

    /// <summary>Where the changed copy goes.</summary>
    [Required]
    public string Output { get; set; }

    /// <summary>Whether this machine needs the copy.</summary>
    [Output]
    public bool Changed { get; set; }

    public override bool Execute()
    {
        if (SystemLibraryHasSymbol())
        {
            return true;
        }

        byte[] elf = File.ReadAllBytes(Library);
        int flags = FindVersionFlags(elf);
        if (flags < 0)
        {
            return true; // A newer TorchSharp that no longer names the version.
        }

        elf[flags] |= (byte)FlagWeak;
        Directory.CreateDirectory(Path.GetDirectoryName(Output));
        // Written only when it differs, so that an incremental build copies nothing; and by renaming, since an older copy may be loaded.
        if (!File.Exists(Output) || !SameBytes(File.ReadAllBytes(Output), elf))
        {
            File.WriteAllBytes(Output + ".new", elf);
            File.Delete(Output);
            File.Move(Output + ".new", Output);
        }

        Changed = true;
        Log.LogMessage(MessageImportance.Normal, "{0} is missing here: marked weak in {1}", Version, Output);
        return true;
    }

    private static bool SystemLibraryHasSymbol()
    {
        IntPtr library = dlopen("libstdc++.so.6", 1 /* RTLD_LAZY */);
        return library != IntPtr.Zero && dlsym(library, SymbolOfThatVersion) != IntPtr.Zero;
    }

    /// <summary>Offset of vna_flags of the version's entry in a 64-bit little-endian ELF file, or -1.</summary>
    private static int FindVersionFlags(byte[] elf)
    {
        long sections = BitConverter.ToInt64(elf, 0x28);
        int entrySize = BitConverter.ToUInt16(elf, 0x3A);
        int count = BitConverter.ToUInt16(elf, 0x3C);
        for (int i = 0; i < count; i++)
        {
            int header = (int)(sections + (long)i * entrySize);
            if (BitConverter.ToUInt32(elf, header + 4) != SectionVersionNeeds)
            {
                continue;
            }

            int link = (int)(sections + (long)BitConverter.ToInt32(elf, header + 0x28) * entrySize);
            long strings = BitConverter.ToInt64(elf, link + 0x18);
            int need = (int)BitConverter.ToInt64(elf, header + 0x18);
            while (true)
            {
                int aux = need + BitConverter.ToInt32(elf, need + 8);
                while (true)
                {
                    if (ReadString(elf, strings + BitConverter.ToUInt32(elf, aux + 8)) == Version)
                    {
                        return aux + 4;
                    }

                    int nextAux = BitConverter.ToInt32(elf, aux + 12);
                    if (nextAux == 0)
                    {
                        break;
                    }

                    aux += nextAux;
                }

                int nextNeed = BitConverter.ToInt32(elf, need + 12);
                if (nextNeed == 0)
                {
                    break;
                }

                need += nextNeed;
            }
        }

        return -1;
    }

    private static string ReadString(byte[] bytes, long start)
    {
        int end = Array.IndexOf(bytes, (byte)0, (int)start);
        return Encoding.ASCII.GetString(bytes, (int)start, end - (int)start);
    }

    private static bool SameBytes(byte[] a, byte[] b)
    {
        if (a.Length != b.Length)
        {
            return false;
        }

        for (int i = 0; i < a.Length; i++)
        {
            if (a[i] != b[i])
            {
                return false;
            }
        }

        return true;
    }

    [DllImport("libdl.so.2")]
    private static extern IntPtr dlopen(string name, int flags);

    [DllImport("libdl.so.2")]
    private static extern IntPtr dlsym(IntPtr library, string symbol);
}
