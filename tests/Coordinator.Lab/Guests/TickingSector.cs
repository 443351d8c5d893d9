namespace Coordinator.Lab.Guests;

/// <summary>
/// A boot sector that counts the timer interrupts of the firmware, 18.2 per second, and writes each count to the first serial port as four hexadecimal digits and a line end. A
/// whole Linux guest says more (tests/guest) and takes half a minute to boot; this one is for tests that start many guests. It powers the machine off when it is told so by a byte on the second serial port.
/// </summary>
public static class TickingSector
{
    private const byte JumpAlways = 0xEB; // jmp short in the stead of jz

    /// <summary>Loaded at 0x7C00, 16-bit. The firmware's tick count is at 0x46C, the port at 0x3F8.</summary>
    private static ReadOnlySpan<byte> Code =>
    [
        0xFA, 0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xD0, 0xBC, 0x00, 0x7C, 0xFB, // cli; ax = ds = ss = 0; sp = 7C00; sti
        0x31, 0xDB,                                                       //        xor bx, bx
        0xA1, 0x6C, 0x04,                                                 // tick:  mov ax, [46C]
        0xF4,                                                             // idle:  hlt
        0x3B, 0x06, 0x6C, 0x04, 0x74, 0xF9,                               //        cmp ax, [46C]; je idle
        0x43, 0xBA, 0xFD, 0x02, 0xEC, 0xA8, 0x01, 0x74, 0x07,             //        inc bx; mov dx, 2FD; in al, dx; test al, 1; jz on
        0xBA, 0x04, 0x06, 0xB8, 0x00, 0x20, 0xEF,                         //        mov dx, 604; mov ax, 2000; out dx, ax: soft off (PIIX4, as the firmware has set it up)
        0xB9, 0x04, 0x00,                                                 // on:    mov cx, 4
        0xC1, 0xC3, 0x04, 0x88, 0xD8, 0x24, 0x0F,                         // digit: rol bx, 4; mov al, bl; and al, F
        0x3C, 0x0A, 0x1C, 0x69, 0x2F,                                     //        cmp al, 10; sbb al, 69; das: the digit in ASCII
        0xE8, 0x09, 0x00, 0xE2, 0xEF,                                     //        call put; loop digit
        0xB0, 0x0A, 0xE8, 0x02, 0x00, 0xEB, 0xCB,                         //        mov al, line end; call put; jmp tick
        0x88, 0xC4, 0xBA, 0xFD, 0x03,                                     // put:   mov ah, al; mov dx, 3FD
        0xEC, 0xA8, 0x20, 0x74, 0xFB,                                     // full:  in al, dx; test al, 20; jz full
        0x88, 0xE0, 0xB2, 0xF8, 0xEE, 0xC3,                               //        mov al, ah; mov dl, F8; out dx, al; ret
    ];

    /// <summary>A disk of 1 MiB: the firmware reads none that is smaller than a cylinder.</summary>
    /// <param name="path">Of the disk's file.</param>
    /// <param name="listens">To the second serial port, which must be there. Otherwise it goes on for ever.</param>
    public static void Write(string path, bool listens = false)
    {
        byte[] disk = new byte[1 << 20];
        Code.CopyTo(disk);
        int branch = Code.IndexOf((ReadOnlySpan<byte>)[0xA8, 0x01, 0x74]) + 2;
        disk[branch] = listens ? disk[branch] : JumpAlways;
        (disk[510], disk[511]) = (0x55, 0xAA);
        File.WriteAllBytes(path, disk);
    }
}
